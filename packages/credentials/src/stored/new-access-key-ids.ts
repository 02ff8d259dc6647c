import type { DocumentWrite } from '@stowage/core/metadata'
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
