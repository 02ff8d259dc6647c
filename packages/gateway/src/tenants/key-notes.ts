import type { JsonValue, MetadataStore } from '@stowage/core'
import type { DocumentWrite } from '@stowage/core/metadata'
import { TENANT_KINDS } from './tenant.ts'
import type { Tenant } from './tenant.ts'

const PAGE_LIMIT = 1_000
/** Documents of one command are 100 at the most. */
const WRITES_MAX = 100

/** Whose an access key is, in lower case, by the note of it; null for nobody's. */
export async function readKeyNote(metadata: MetadataStore, id: string): Promise<string | null> {
  const document = await metadata.readDocument({ kind: TENANT_KINDS.key, id })
  return document === null ? null : ownerOf(document.body)
}

/** Notes that these access keys are a tenant's. False where one is another one's. */
export async function writeKeyNotes(metadata: MetadataStore, tenant: Tenant, accessKeyIds: readonly string[]): Promise<boolean> {
  for (const id of accessKeyIds.map((each) => each.toLowerCase())) {
    const write = { kind: TENANT_KINDS.key, id, expected: null, body: { tenant: tenant.id }, sealed: null }
    const { outcome } = await metadata.writeDocuments({ writes: [write], raisesPolicyVersion: false })
    if (outcome !== 'written' && (await readKeyNote(metadata, id)) !== tenant.id) return false
  }
  return true
}

/** Removes all notes of a tenant that is gone; those that are another one's by now, where another process removes them as well, stay. */
export async function removeKeyNotes(metadata: MetadataStore, tenantId: string): Promise<void> {
  let after: string | null = null
  for (;;) {
    const page: Awaited<ReturnType<MetadataStore['listDocuments']>> = await metadata.listDocuments({
      kind: TENANT_KINDS.key,
      after,
      limit: PAGE_LIMIT,
    })
    const writes = page.documents
      .filter(({ body }) => ownerOf(body) === tenantId)
      .map(({ kind, id, version }) => ({ kind, id, expected: version, body: null, sealed: null }))
    // Where they are not what was read, the page is read again.
    if (!(await allWritten(metadata, writes))) continue
    if (page.next === null) return
    after = page.next
  }
}

async function allWritten(metadata: MetadataStore, writes: readonly DocumentWrite[]): Promise<boolean> {
  for (let at = 0; at < writes.length; at += WRITES_MAX) {
    const { outcome } = await metadata.writeDocuments({ writes: writes.slice(at, at + WRITES_MAX), raisesPolicyVersion: false })
    if (outcome === 'conflict') return false
  }
  return true
}

function ownerOf(body: JsonValue): string | null {
  return typeof body === 'object' && body !== null && 'tenant' in body && typeof body['tenant'] === 'string' ? body['tenant'] : null
}
