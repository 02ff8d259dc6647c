import type { BlobRef } from '../../model/extent.ts'
import { integerOf, textOf } from './column.ts'
import type { BlobKey } from '../../backend/blob-key.ts'
import type { SqlContext, SqlProgram, SqlRows } from './sql-driver.ts'

/*
 * Every blob that the store knows has one or more rows in `blob_refs`, or exactly one in `garbage`, never both.
 * docs/decisions/0006-locks-of-the-sql-stores.md says why the locks are these.
 */

/** Blobs as the JSON that `each` takes apart. */
export function blobList(blobs: readonly BlobRef[]): string {
  return JSON.stringify(blobs.map(({ backendId, blob }) => [backendId, blob]))
}

/** Reads rows of `backend_id, blob`. */
export function readBlobRows(rows: SqlRows): BlobRef[] {
  // What the store wrote was checked when it came in.
  return rows.map((row) => ({ backendId: textOf(row[0]), blob: textOf(row[1]) as BlobKey }))
}

const reservedText = ({ dialect }: SqlContext): string => `SELECT backend_id, blob FROM garbage
WHERE (backend_id, blob) IN (SELECT value ->> 0, value ->> 1 FROM ${dialect.each}) AND state = 'reserved'
ORDER BY backend_id, blob${dialect.forUpdate}`

/** Whether each of the distinct blobs is reserved; on Postgres nobody can claim them from here on. */
export function* areReserved(context: SqlContext, blobs: readonly BlobRef[]): SqlProgram<boolean> {
  if (blobs.length === 0) return true
  const rows = yield { sql: reservedText(context), values: [blobList(blobs)] }
  return rows.length === blobs.length
}

const SHARED_SQLITE = `SELECT value ->> 0, value ->> 1 FROM json_each(?) AS each
WHERE EXISTS (SELECT 1 FROM blob_refs r WHERE r.backend_id = value ->> 0 AND r.blob = value ->> 1)`
// One row a blob is enough: whoever lets go of its last reference must lock them all.
const SHARED_POSTGRES = `SELECT r.backend_id, r.blob
FROM (SELECT value ->> 0 AS backend_id, value ->> 1 AS blob FROM jsonb_array_elements(?::jsonb) AS each(value) ORDER BY 1, 2) AS wanted,
LATERAL (SELECT backend_id, blob FROM blob_refs WHERE blob_refs.backend_id = wanted.backend_id AND blob_refs.blob = wanted.blob
  ORDER BY manifest_id LIMIT 1 FOR KEY SHARE) AS r`

/** Whether each of the distinct blobs has a reference; on Postgres one of each is kept from going until the commit. */
export function* areReferenced(context: SqlContext, blobs: readonly BlobRef[]): SqlProgram<boolean> {
  if (blobs.length === 0) return true
  const rows = yield { sql: context.dialect.locks ? SHARED_POSTGRES : SHARED_SQLITE, values: [blobList(blobs)] }
  return rows.length === blobs.length
}

const unreserveText = ({ dialect }: SqlContext): string =>
  `DELETE FROM garbage WHERE (backend_id, blob) IN (SELECT value ->> 0, value ->> 1 FROM ${dialect.each})`
const referText = ({ dialect }: SqlContext): string =>
  `INSERT INTO blob_refs (backend_id, blob, manifest_id, part_number)
SELECT value ->> 0, value ->> 1, CAST(? AS bigint), CAST(? AS bigint) FROM ${dialect.each} WHERE true
ON CONFLICT DO NOTHING`

/** The part number in `blob_refs` of what is no part. */
export const NO_PART = 0

/** What a manifest, or a part of it, holds: all its distinct blobs, and those of them that were reserved until now. */
export interface NewReferences {
  readonly manifestId: number
  readonly partNumber: number
  readonly blobs: readonly BlobRef[]
  readonly fresh: readonly BlobRef[]
}

/** Gives the manifest its references. `areReserved` and `areReferenced` have been asked. */
export function* addReferences(context: SqlContext, { manifestId, partNumber, blobs, fresh }: NewReferences): SqlProgram<void> {
  if (fresh.length > 0) yield { sql: unreserveText(context), values: [blobList(fresh)] }
  if (blobs.length > 0) yield { sql: referText(context), values: [manifestId, partNumber, blobList(blobs)] }
}

const LOCKING = ' ORDER BY backend_id, blob, manifest_id, part_number FOR UPDATE'
const LOCK_OF_MANIFEST = `SELECT 1 FROM blob_refs
WHERE (backend_id, blob) IN (SELECT own.backend_id, own.blob FROM blob_refs own WHERE own.manifest_id = ?)${LOCKING}`
const DELETE_OF_MANIFEST = 'DELETE FROM blob_refs WHERE manifest_id = ? RETURNING backend_id, blob'

/** Drops all references of a manifest. Blobs that have none left are garbage from `now` on. */
export function* dropAllReferences(context: SqlContext, manifestId: number, now: number): SqlProgram<void> {
  if (context.dialect.locks) yield { sql: LOCK_OF_MANIFEST, values: [manifestId] }
  const dropped = readBlobRows(yield { sql: DELETE_OF_MANIFEST, values: [manifestId] })
  yield* queueUnreferenced(context, dropped, now)
}

const partsOf = (each: string): string => `(SELECT CAST(value AS bigint) FROM ${each})`
const lockOfParts = (each: string): string => `SELECT 1 FROM blob_refs WHERE (backend_id, blob) IN
(SELECT own.backend_id, own.blob FROM blob_refs own WHERE own.manifest_id = ? AND own.part_number IN ${partsOf(each)})${LOCKING}`
const deleteOfParts = (each: string): string =>
  `DELETE FROM blob_refs WHERE manifest_id = ? AND part_number IN ${partsOf(each)} RETURNING backend_id, blob`

/** Which parts' references go, and when. */
export interface DroppedParts {
  readonly manifestId: number
  readonly partNumbers: readonly number[]
  readonly now: number
}

/** Drops all references of some parts of a manifest. Blobs that have none left are garbage from `now` on. */
export function* dropReferencesOfParts(context: SqlContext, { manifestId, partNumbers, now }: DroppedParts): SqlProgram<void> {
  const { dialect } = context
  const values = [manifestId, JSON.stringify(partNumbers)]
  if (dialect.locks) yield { sql: lockOfParts(dialect.each), values }
  const dropped = readBlobRows(yield { sql: deleteOfParts(dialect.each), values })
  yield* queueUnreferenced(context, dropped, now)
}

const lockOfBlobs = (each: string): string => `SELECT 1 FROM blob_refs
WHERE (backend_id, blob) IN (SELECT value ->> 0, value ->> 1 FROM ${each})${LOCKING}`
const deleteOfBlobs = (each: string): string => `DELETE FROM blob_refs
WHERE manifest_id = ? AND part_number = ? AND (backend_id, blob) IN (SELECT value ->> 0, value ->> 1 FROM ${each})`

/** Which references of a part, or of a manifest without parts, go, and when. */
export interface DroppedBlobs {
  readonly manifestId: number
  readonly partNumber: number
  readonly blobs: readonly BlobRef[]
  readonly now: number
}

/** Drops the references to some blobs. Those that have none left are garbage from `now` on. */
export function* dropReferencesTo(context: SqlContext, { manifestId, partNumber, blobs, now }: DroppedBlobs): SqlProgram<void> {
  if (blobs.length === 0) return
  const { dialect } = context
  const list = blobList(blobs)
  if (dialect.locks) yield { sql: lockOfBlobs(dialect.each), values: [list] }
  yield { sql: deleteOfBlobs(dialect.each), values: [manifestId, partNumber, list] }
  yield* queueUnreferenced(context, blobs, now)
}

const heldText = (each: string): string => `SELECT backend_id, blob, part_number FROM blob_refs
WHERE manifest_id = ? AND (backend_id, blob) IN (SELECT value ->> 0, value ->> 1 FROM ${each})`
const takeText = ({ dialect }: SqlContext): string => `INSERT INTO blob_refs (backend_id, blob, manifest_id, part_number)
SELECT value ->> 0, value ->> 1, CAST(? AS bigint), CAST(value ->> 2 AS bigint) FROM ${dialect.each} WHERE true
ON CONFLICT DO NOTHING`
const leaveText = (each: string): string => `DELETE FROM blob_refs
WHERE manifest_id = ? AND (backend_id, blob) IN (SELECT value ->> 0, value ->> 1 FROM ${each})`

/** One row of `blob_refs` of a manifest that is known. */
export interface HeldBlob extends BlobRef {
  readonly partNumber: number
}

/** The references that a manifest and its parts have to some blobs. */
export function* readReferences({ dialect }: SqlContext, manifestId: number, blobs: readonly BlobRef[]): SqlProgram<readonly HeldBlob[]> {
  const rows = yield { sql: heldText(dialect.each), values: [manifestId, blobList(blobs)] }
  return readBlobRows(rows).map((blob, at) => ({ ...blob, partNumber: integerOf(rows[at]?.[2]) }))
}

/** Which references of a manifest and its parts go, and which come in their place. */
export interface ReplacedReferences {
  readonly manifestId: number
  readonly left: readonly BlobRef[]
  readonly taken: readonly HeldBlob[]
  /** Those of the new blobs that were reserved until now. */
  readonly fresh: readonly BlobRef[]
  readonly now: number
}

/** Gives a manifest and its parts new references, and drops all that they have to the blobs left. `areReserved` and `areReferenced` have been asked. */
export function* replaceReferences(context: SqlContext, replaced: ReplacedReferences): SqlProgram<void> {
  const { manifestId, left, taken, fresh, now } = replaced
  const { dialect } = context
  if (fresh.length > 0) yield { sql: unreserveText(context), values: [blobList(fresh)] }
  const rows = taken.map(({ backendId, blob, partNumber }) => [backendId, blob, partNumber])
  yield { sql: takeText(context), values: [manifestId, JSON.stringify(rows)] }
  if (dialect.locks) yield { sql: lockOfBlobs(dialect.each), values: [blobList(left)] }
  yield { sql: leaveText(dialect.each), values: [manifestId, blobList(left)] }
  yield* queueUnreferenced(context, left, now)
}

const queueText = ({ dialect }: SqlContext): string => `INSERT INTO garbage (backend_id, blob, state, process_id, changed_at)
SELECT DISTINCT value ->> 0, value ->> 1, 'queued', CAST(NULL AS text), CAST(? AS bigint) FROM ${dialect.each}
WHERE NOT EXISTS (SELECT 1 FROM blob_refs r WHERE r.backend_id = value ->> 0 AND r.blob = value ->> 1)
ON CONFLICT DO NOTHING`

/**
 * Queues those of the blobs that nothing refers to. A statement of its own: on Postgres only a fresh snapshot sees the
 * reference that a copy committed while we waited for its lock.
 */
function* queueUnreferenced(context: SqlContext, blobs: readonly BlobRef[], now: number): SqlProgram<void> {
  if (blobs.length > 0) yield { sql: queueText(context), values: [now, blobList(blobs)] }
}

/** The distinct blobs of a list of extents, in the order of their names. */
export function distinctBlobs(extents: readonly ({ readonly kind: 'inline' } | ({ readonly kind: 'blob' } & BlobRef))[]): BlobRef[] {
  const seen = new Map<string, BlobRef>()
  for (const extent of extents) {
    if (extent.kind === 'blob') seen.set(blobName(extent), { backendId: extent.backendId, blob: extent.blob })
  }
  return [...seen.values()]
}

/** The blobs that are not among `others`. */
export function blobsWithout(blobs: readonly BlobRef[], others: readonly BlobRef[]): BlobRef[] {
  const names = new Set(others.map(blobName))
  return blobs.filter((blob) => !names.has(blobName(blob)))
}

/** A blob as one text; a blob key has no space. */
export function blobName({ backendId, blob }: BlobRef): string {
  return `${blob} ${backendId}`
}
