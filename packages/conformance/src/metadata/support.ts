import { createHash } from 'node:crypto'
import type { BucketInfo, Conditions, ObjectInfo, PartInfo, Predicate, Requirement, UploadInfo, Versioning } from '@stowage/core'
import { parseBlobKey } from '@stowage/core/backend'
import type {
  BucketRequirement,
  CommitObjectOutcome,
  CommitPartOutcome,
  CompleteUploadCommand,
  DeleteKey,
  DeleteOutcome,
  InspectionPage,
  InspectionQuery,
  ListObjectsQuery,
  MetadataStore,
  NewObject,
  UploadQuery,
  UploadTarget,
} from '@stowage/core/metadata'
import { ALWAYS } from '@stowage/core/policy'
import type { Case } from '../case.ts'

/** A store that is open and empty, and its time, which begins at `AT` and which only the test moves. */
export interface MetadataSubject {
  readonly store: MetadataStore
  /** Moves the store's time on, in milliseconds. */
  readonly advance: (milliseconds: number) => void
}

/** A case about a metadata store. */
export type MetadataCase = Case<MetadataSubject>

/** A stretch of an object's bytes. */
export type Extent = NewObject['extents'][number]
/** A blob, by backend and name. */
export type BlobRef = Parameters<MetadataStore['abandonBlobs']>[0][number]

export { ALWAYS, NEVER } from '@stowage/core/policy'

/** When everything happens, and the store's time begins. */
export const AT: Date = new Date(1_700_000_000_123)
/** The one process that writes, where it does not matter which. */
export const PROCESS = 'process-1'

/** A predicate that is true of rows whose column has this text, and unknown where it has none. */
export function columnIs(n: Extract<Predicate, { readonly k: 'col' }>['n'], v: string): Predicate {
  return { k: 'cmp', op: '=', a: { k: 'col', n }, b: { k: 'lit', t: 'text', v } }
}

/** The requirement that everything meets, but for what is said. */
export function requirement(more: Partial<Requirement> = {}): Requirement {
  return {
    policyVersion: 1,
    existing: ALWAYS,
    proposed: ALWAYS,
    finalCreated: ALWAYS,
    finalReplaced: ALWAYS,
    deniedExisting: 'forbidden',
    whenAbsent: 'absent',
    ...more,
  }
}

/** The id and name of the bucket that most cases use. */
export const BUCKET = 'bucket-1'

/** A bucket, by default the one of `BUCKET`. */
export function bucket(more: Partial<BucketInfo> = {}): BucketInfo {
  return { id: BUCKET, jurisdiction: 'default', name: BUCKET, account: 'acme', public: false, versioning: 'off', createdAt: AT, ...more }
}

/** Creates the bucket of `BUCKET`. */
export async function makeBucket({ store }: MetadataSubject, versioning: Versioning = 'off'): Promise<void> {
  await store.createBucket({ bucket: bucket({ versioning }), require: requirement() })
}

/** The MD5 of some content, in hex. */
export function md5(content: Uint8Array | string): string {
  return createHash('md5').update(content).digest('hex')
}

/** A blob of the main backend. */
export function blob(name: string): BlobRef {
  return { backendId: 'main', blob: parseBlobKey(name) }
}

/** A whole blob as a stretch of an object. */
export function blobExtent(name: string, length: number = 100): Extent {
  return { kind: 'blob', ...blob(name), length, storedOffset: 0, storedLength: length, crc32c: 7, envelope: null }
}

/** Bytes inside the store as a stretch of an object. */
export function inlineExtent(content: string | Uint8Array): Extent {
  const bytes = Buffer.from(content)
  return { kind: 'inline', bytes, length: bytes.length, crc32c: null, envelope: null }
}

/** An object to commit; its ETag is the MD5 of its key unless said otherwise. */
export function newObject(key: string, extents: readonly Extent[], more: Partial<NewObject> = {}): NewObject {
  return {
    bucketId: BUCKET,
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
    createdAt: AT,
    extents,
    ...more,
  }
}

/** What a case may say of a put. */
export interface PutOptions {
  /** What is different from `newObject`. */
  readonly object?: Partial<NewObject>
  /** Default: none. */
  readonly conditions?: Conditions
  /** Default: everything is allowed. */
  readonly require?: BucketRequirement
}

/** Commits an object of inline bytes. */
export function putText(
  { store }: MetadataSubject,
  key: string,
  options: PutOptions & { text?: string } = {},
): Promise<CommitObjectOutcome> {
  const { text = key, object, conditions = {}, require = requirement() } = options
  return store.commitObject({
    object: newObject(key, [inlineExtent(text)], { etag: md5(text), ...object }),
    conditions,
    require,
    fresh: [],
  })
}

/** Reserves blobs and commits them as the extents of an object. */
export async function putBlobs(
  { store }: MetadataSubject,
  key: string,
  names: readonly string[] | (PutOptions & { readonly names: readonly string[] }),
): Promise<CommitObjectOutcome> {
  const options = 'names' in names ? names : { names }
  const fresh = options.names.map(blob)
  await store.reserveBlobs({ processId: PROCESS, blobs: fresh })
  const extents = options.names.map((name) => blobExtent(name))
  const object = newObject(key, extents, options.object)
  return store.commitObject({ object, conditions: options.conditions ?? {}, require: options.require ?? requirement(), fresh })
}

/** Commits an object that shares blobs with others, as a copy does. */
export function shareBlobs({ store }: MetadataSubject, key: string, names: readonly string[]): Promise<CommitObjectOutcome> {
  const object = newObject(
    key,
    names.map((name) => blobExtent(name)),
  )
  return store.commitObject({ object, conditions: {}, require: requirement(), fresh: [] })
}

/** One key of a bulk delete; a marker it leaves is called `m-` and the key. */
export function deletion(key: string, more: Partial<DeleteKey> = {}): DeleteKey {
  return { key, markerVersionId: `m-${key}`, bypassGovernance: null, ownerId: null, conditions: {}, require: requirement(), ...more }
}

/** Deletes one key. */
export async function remove({ store }: MetadataSubject, key: string, more: Partial<DeleteKey> = {}): Promise<DeleteOutcome | undefined> {
  const [outcome] = await store.deleteObjects({ bucketId: BUCKET, at: AT, keys: [deletion(key, more)] })
  return outcome
}

/** The content of a version as text: blobs by name; null where there is none. */
export async function content({ store }: MetadataSubject, key: string, versionId?: string): Promise<string | null> {
  const query = { bucketId: BUCKET, key, require: requirement() }
  const found = await store.findRecord(versionId === undefined ? query : { ...query, versionId })
  if (found.outcome !== 'found') return null
  if (found.object.deleteMarker) return '(marker)'
  return found.object.extents
    .map((extent) => (extent.kind === 'inline' ? Buffer.from(extent.bytes).toString() : `<${extent.blob}>`))
    .join('')
}

/** A version without its bytes; null where there is none. */
export async function info({ store }: MetadataSubject, key: string, versionId?: string): Promise<ObjectInfo | null> {
  const query = { bucketId: BUCKET, key, require: requirement() }
  const found = await store.findObject(versionId === undefined ? query : { ...query, versionId })
  return found.outcome === 'found' ? found.object : null
}

/** What the collector may delete once all grace is over; it is claimed then. */
export async function collect(subject: MetadataSubject): Promise<readonly string[]> {
  subject.advance(1000)
  const claimed = await subject.store.claimGarbage({ graceSeconds: 0, leaseSeconds: 1_000_000, limit: 10_000 })
  return claimed.map((each): string => each.blob).toSorted()
}

/** A listing of the whole bucket in one page, unless said otherwise. */
export function listQuery(more: Partial<ListObjectsQuery> = {}): ListObjectsQuery {
  return { bucketId: BUCKET, prefix: '', delimiter: null, position: null, limit: 1000, visible: ALWAYS, rowsScannedMax: 100_000, ...more }
}

/** An upload to begin: of parts, to the key `k`, unless said otherwise. */
export function newUpload(uploadId: string, more: Partial<UploadInfo> = {}): Omit<UploadInfo, 'offset'> {
  return {
    uploadId,
    kind: 'parts',
    bucketId: BUCKET,
    key: 'k',
    headers: { contentType: 'text/plain' },
    userMetadata: { team: 'red' },
    tags: {},
    ownerId: 'me',
    ownerAccount: null,
    retention: null,
    legalHold: false,
    checksum: null,
    declaredSize: null,
    createdAt: AT,
    expiresAt: new Date(AT.getTime() + 1_000_000),
    ...more,
  }
}

/** Of an object, where a case is not about that. */
export const EXTENTS_MAX = 10_000

/** Which upload, for who may do everything. */
export function target(uploadId: string, more: Partial<UploadTarget> = {}): UploadTarget & UploadQuery {
  return { uploadId, bucketId: BUCKET, key: 'k', visible: ALWAYS, require: requirement(), ...more }
}

/** Sends a part; its ETag is that of its number. */
export async function sendPart(
  { store }: MetadataSubject,
  uploadId: string,
  part: { readonly number: number; readonly extents: readonly Extent[]; readonly fresh?: readonly string[] } & Partial<PartInfo>,
): Promise<CommitPartOutcome['outcome']> {
  const { number, extents, fresh = [], ...more } = part
  const blobs = fresh.map(blob)
  if (blobs.length > 0) await store.reserveBlobs({ processId: PROCESS, blobs })
  const size = extents.reduce((sum, extent) => sum + extent.length, 0)
  const record = { partNumber: number, size, etag: md5(String(number)), checksum: null, createdAt: AT, extents, ...more }
  return (await store.commitPart({ ...target(uploadId), part: record, fresh: blobs, objectExtentsMax: EXTENTS_MAX })).outcome
}

/** The command that completes an upload with these parts. */
export function completion(
  uploadId: string,
  numbers: readonly number[] | null,
  more: Partial<CompleteUploadCommand> = {},
): CompleteUploadCommand {
  return {
    ...target(uploadId),
    parts: numbers?.map((partNumber) => ({ partNumber, etag: md5(String(partNumber)) })) ?? null,
    partSizeMin: 1,
    objectSizeMax: 1_000_000_000,
    objectExtentsMax: EXTENTS_MAX,
    versionId: 'completed',
    createdAt: AT,
    conditions: {},
    expected: {},
    appended: null,
    ...more,
  }
}

/** Every row of an inspection, `limit` at a time. */
export async function inspected<T>(page: (query: InspectionQuery) => Promise<InspectionPage<T>>, limit: number = 2): Promise<readonly T[]> {
  const rows: T[] = []
  let after: string | null = null
  do {
    const { rows: some, next }: InspectionPage<T> = await page({ after, limit })
    if (some.length > limit) throw new Error(`a page of ${limit} has ${some.length} rows`)
    rows.push(...some)
    after = next
  } while (after !== null)
  return rows
}
