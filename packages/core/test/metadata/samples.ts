import { createHash } from 'node:crypto'
import type { BlobKey } from '../../src/backend/blob-key.ts'
import type { DeleteKey, NewObject } from '../../src/metadata/commands.ts'
import type { MetadataStore } from '../../src/metadata/metadata-store.ts'
import type { BucketInfo, Versioning } from '../../src/model/bucket.ts'
import type { BlobRef, Extent } from '../../src/model/extent.ts'
import type { PartRecord, UploadInfo } from '../../src/model/upload.ts'
import { ALWAYS } from '../../src/policy/predicate.ts'
import { unconditional } from '../../src/policy/requirement.ts'

/** The requirement of a caller who may do everything, under the first policy. */
export const ANYBODY = unconditional(1)
export const CREATED_AT = new Date(1_700_000_000_123)

export function md5(bytes: Uint8Array | string): string {
  return createHash('md5').update(bytes).digest('hex')
}

export function blobOf(name: string): BlobRef {
  return { backendId: 'main', blob: name as BlobKey }
}

export function inlineExtent(text: string): Extent {
  const bytes = Buffer.from(text)
  return { kind: 'inline', length: bytes.length, crc32c: null, envelope: null, bytes }
}

export function blobExtent(name: string, length: number = 100): Extent {
  return { kind: 'blob', ...blobOf(name), length, storedOffset: 0, storedLength: length, crc32c: 1, envelope: null }
}

export function newObject(key: string, extents: readonly Extent[], more: Partial<NewObject> = {}): NewObject {
  return {
    bucketId: 'b1',
    key,
    versionId: 'v1',
    size: extents.reduce((sum, extent) => sum + extent.length, 0),
    etag: md5(key),
    partCount: null,
    checksum: null,
    headers: {},
    userMetadata: {},
    tags: {},
    ownerId: null,
    retention: null,
    legalHold: false,
    createdAt: CREATED_AT,
    extents,
    ...more,
  }
}

export async function makeBucket(store: MetadataStore, versioning: Versioning = 'off', id: string = 'b1'): Promise<BucketInfo> {
  const bucket = { id, jurisdiction: 'default', name: `bucket-${id}`, account: 'a', public: false, versioning, createdAt: CREATED_AT }
  await store.createBucket({ bucket, require: ANYBODY })
  return bucket
}

/** Reserves and commits blobs as the extents of an object; gives back the outcome's name. */
export async function putBlobs(store: MetadataStore, key: string, names: readonly string[]): Promise<string> {
  const fresh = names.map(blobOf)
  await store.reserveBlobs({ processId: 'p1', blobs: fresh })
  const object = newObject(
    key,
    names.map((name) => blobExtent(name)),
  )
  return (await store.commitObject({ object, conditions: {}, require: ANYBODY, fresh })).outcome
}

export async function putText(store: MetadataStore, key: string, text: string, more: Partial<NewObject> = {}): Promise<string> {
  const object = newObject(key, [inlineExtent(text)], { etag: md5(text), ...more })
  return (await store.commitObject({ object, conditions: {}, require: ANYBODY, fresh: [] })).outcome
}

export async function readText(store: MetadataStore, key: string, versionId?: string): Promise<string | null> {
  const query = { bucketId: 'b1', key, require: ANYBODY }
  const found = await store.findRecord(versionId === undefined ? query : { ...query, versionId })
  if (found.outcome !== 'found') return null
  if (found.object.deleteMarker) return '(marker)'
  return found.object.extents
    .map((extent) => (extent.kind === 'inline' ? Buffer.from(extent.bytes).toString() : `<${extent.blob}>`))
    .join('')
}

export function deletion(key: string, more: Partial<DeleteKey> = {}): DeleteKey {
  return { key, markerVersionId: 'm1', bypassGovernance: null, ownerId: null, conditions: {}, require: ANYBODY, ...more }
}

/** What the collector may delete once all grace is over. */
export async function garbageOf(store: MetadataStore): Promise<readonly string[]> {
  const claimed = await store.claimGarbage({ graceSeconds: 0, leaseSeconds: 1_000_000, limit: 10_000 })
  return claimed.map(({ blob }) => blob).toSorted()
}

export function newUpload(uploadId: string, more: Partial<UploadInfo> = {}): Omit<UploadInfo, 'offset'> {
  return {
    uploadId,
    kind: 'parts',
    bucketId: 'b1',
    key: 'k',
    headers: { contentType: 'text/plain' },
    userMetadata: { a: 'b' },
    tags: {},
    ownerId: 'me',
    ownerAccount: null,
    retention: null,
    legalHold: false,
    checksum: null,
    declaredSize: null,
    createdAt: CREATED_AT,
    expiresAt: new Date(CREATED_AT.getTime() + 1_000_000),
    ...more,
  }
}

export function uploadTarget(uploadId: string): {
  uploadId: string
  bucketId: string
  key: string
  visible: typeof ALWAYS
  require: typeof ANYBODY
} {
  return { uploadId, bucketId: 'b1', key: 'k', visible: ALWAYS, require: ANYBODY }
}

export function partOf(partNumber: number, extents: readonly Extent[], more: Partial<PartRecord> = {}): PartRecord {
  const size = extents.reduce((sum, extent) => sum + extent.length, 0)
  return { partNumber, size, etag: md5(`${partNumber}`), checksum: null, createdAt: CREATED_AT, extents, ...more }
}
