import type { DocumentWrite } from '@stowage/core/metadata'
import type { DocumentStore } from '../keys/document-store.ts'
import { KEY_KINDS } from '../keys/access-key-document.ts'
import { R2_TOKEN_KIND } from '../r2/r2-token-record.ts'

const KINDS: ReadonlySet<string> = new Set([KEY_KINDS.key, R2_TOKEN_KIND.kind])

/**
 * The access key ids, in lower case, that requests may be signed with once a store has taken these writes, and not before: those of keys and of
 * R2's tokens. For gateways that know by a key which namespace a request is for. Nobody but its namespace knows a temporary credential, and
 * projects of two may have one name.
 */
export function newAccessKeyIds(writes: readonly DocumentWrite[]): readonly string[] {
  return writes
    .filter(({ kind, expected, body }) => KINDS.has(kind) && expected === null && body !== null)
    .map(({ id }) => id.toLowerCase())
}

const PAGE_LIMIT = 1_000

/** The access key ids that a store has already: those that `newAccessKeyIds` has said of the writes it took, but for what is gone. */
export async function storedAccessKeyIds(documents: Pick<DocumentStore, 'listDocuments'>): Promise<readonly string[]> {
  const ids: string[] = []
  for (const kind of KINDS) {
    let after: string | null = null
    do {
      const page: Awaited<ReturnType<DocumentStore['listDocuments']>> = await documents.listDocuments({ kind, after, limit: PAGE_LIMIT })
      ids.push(...page.documents.map(({ id }) => id.toLowerCase()))
      after = page.next
    } while (after !== null)
  }
  return ids
}
