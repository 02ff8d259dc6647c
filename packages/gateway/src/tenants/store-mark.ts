import { StorageError } from '@stowage/core'
import type { JsonValue, MetadataStore } from '@stowage/core'
import type { DocumentId } from '@stowage/core/metadata'
import { TENANT_STORE } from '../stores/tenant-store.ts'
import { decodePlace, encodePlace } from './tenant.ts'
import type { Tenant, TenantPlace } from './tenant.ts'

/** Whose a store is, as it says itself: it is copied with it, wherever that goes. */
export interface TenantMark {
  /** The tenant's id. */
  readonly tenant: string
  /** Where it was when the mark was written. */
  readonly place: TenantPlace
}

/** Of an open store, or of one that is only looked at. */
export interface ReadDocuments {
  /** Null where there is none. */
  readDocument(wanted: DocumentId): Promise<{ readonly body: JsonValue } | null>
}

/** Reads whose store this is, which must be open; null for no tenant's. */
export async function readTenantMark(metadata: ReadDocuments): Promise<TenantMark | null> {
  const body = (await metadata.readDocument(TENANT_STORE))?.body
  if (typeof body !== 'object' || body === null || !('tenant' in body) || typeof body['tenant'] !== 'string') return null
  return { tenant: body['tenant'], place: decodePlace(body['place'] ?? null) }
}

/** Writes into an open store that it is this tenant's. */
export async function markAsTenants(metadata: MetadataStore, { id, place }: Pick<Tenant, 'id' | 'place'>): Promise<void> {
  const body = { tenant: id, place: encodePlace(place) }
  await metadata.writeDocuments({ writes: [{ ...TENANT_STORE, expected: 'any', body, sealed: null }], raisesPolicyVersion: false })
}

/** Rejects where an open store is another tenant's, or no tenant's, whatever the catalogue says: `StoreUnavailable`. */
export async function checkTenantMark(metadata: MetadataStore, { id }: Pick<Tenant, 'id'>): Promise<void> {
  const mark = await readTenantMark(metadata)
  if (mark?.tenant === id) return
  const reason = mark === null ? 'what is there is no tenant’s' : 'what is there is another tenant’s'
  throw new StorageError('StoreUnavailable', { store: 'of a tenant', reason })
}
