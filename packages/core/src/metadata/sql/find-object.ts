import { AssertionError } from 'node:assert'
import { StorageError } from '../../errors/storage-error.ts'
import type { Found, FindObjectQuery, FoundInfo, FoundRecord } from '../queries.ts'
import type { Extent } from '../../model/extent.ts'
import type { ObjectInfo, ObjectRecord } from '../../model/object.ts'
import { objectPolicyRow } from '../../policy/predicate-row.ts'
import { assert } from '../../util/assert.ts'
import { BUCKET_FACTS, readBucketFacts } from './bucket-facts.ts'
import { bytesOf, bytesOrNull, integerOf } from './column.ts'
import { decodeExtents } from './extent-codec.ts'
import type { StoredExtent } from './extent-codec.ts'
import { passes } from './guard.ts'
import { OBJECT_COLUMN_COUNT, objectColumns, readObjectRow } from './object-row.ts'
import type { SqlContext, SqlProgram, SqlRow } from './sql-driver.ts'

const COUNT = OBJECT_COLUMN_COUNT

// Behind the object's columns: latest, delete marker. Then, for a record: manifest, extents, the bytes of a single inline one.
// Not EXISTS, and with ORDER BY: Postgres would rather walk a table whose statistics promise it an early match.
const LATEST_VERSION = `CASE WHEN (SELECT c.sequence FROM objects c WHERE c.bucket_id = v.bucket_id AND c.key = v.key) IS NULL
  AND v.sequence = (SELECT n.sequence FROM object_versions n WHERE n.bucket_id = v.bucket_id AND n.key = v.key ORDER BY n.sequence DESC LIMIT 1)
  THEN 1 ELSE 0 END`

interface Texts {
  readonly current: string
  readonly newest: string
  readonly byId: string
}

function texts(more: (alias: string) => string, join: (alias: string) => string): Texts {
  const current = `SELECT ${objectColumns('o')}, 1, 0${more('o')} FROM objects o${join('o')} WHERE o.bucket_id = ? AND o.key = ?`
  const noncurrent = `SELECT ${objectColumns('v')}, ${LATEST_VERSION}, v.delete_marker${more('v')} FROM object_versions v${join('v')}
WHERE v.bucket_id = ? AND v.key = ?`
  return {
    current,
    newest: `${noncurrent} ORDER BY v.sequence DESC LIMIT 1`,
    byId: `${current} AND o.version_id = ? UNION ALL ${noncurrent} AND v.version_id = ?`,
  }
}

const INFO = texts(
  () => '',
  () => '',
)
const RECORD = texts(
  (alias) => `, ${alias}.manifest_id, ${alias}.extents, i.bytes`,
  (alias) => ` LEFT JOIN inline_bytes i ON i.id = ${alias}.manifest_id`,
)

/** Finds a version without where its bytes are. */
export function* findObject(context: SqlContext, query: FindObjectQuery): SqlProgram<FoundInfo> {
  const row = yield* findRow(query, INFO)
  return yield* show(context, query, row)
}

/** Finds a version with where its bytes are, inline bytes included: one statement for an object of one inline extent. */
export function* findRecord(context: SqlContext, query: FindObjectQuery): SqlProgram<FoundRecord> {
  let missing: number | null = null
  for (;;) {
    const row = yield* findRow(query, RECORD)
    const shown = yield* show(context, query, row)
    if (shown.outcome !== 'found') return shown
    assert(row !== null, 'an object was shown that was not found')
    const object = yield* readRecord(context, shown.object, row)
    if (object !== null) return { outcome: 'found', object }
    // It was replaced between the statements, and its inline bytes went with it: look again. If it is still there, it is damaged.
    const manifestId = integerOf(row[COUNT + 2])
    if (manifestId === missing) throw damaged('the bytes of an extent are missing')
    missing = manifestId
  }
}

function* findRow({ bucketId, key, versionId }: FindObjectQuery, sql: Texts): SqlProgram<SqlRow | null> {
  if (versionId !== undefined) {
    const [row] = yield { sql: sql.byId, values: [bucketId, key, versionId, bucketId, key, versionId] }
    return row ?? null
  }
  for (let look = 0; look < LOOKS_MAX; look += 1) {
    const [row] = yield { sql: sql.current, values: [bucketId, key] }
    if (row !== undefined) return row
    const [newest] = yield { sql: sql.newest, values: [bucketId, key] }
    if (newest === undefined || newest[COUNT + 1] === 1) return newest ?? null
    // A version on top but none in `objects`: a commit came between the two statements. Look again.
  }
  throw new AssertionError({ message: 'the newest version of a key is neither a delete marker nor the current one' })
}

/** A commit that comes between the same two statements so often in a row is none: the rows are damaged. */
const LOOKS_MAX = 100

const BUCKET = `SELECT ${BUCKET_FACTS} FROM buckets b WHERE b.id = ?`

/**
 * Holds the row against `existing`. A delete marker that the caller may not see looks like an absent key: whoever sees
 * rows of others only through a predicate must not learn from a marker that there was one.
 */
function* show(context: SqlContext, query: FindObjectQuery, row: SqlRow | null): SqlProgram<Found<ObjectInfo>> {
  const { bucketId, require } = query
  if (row === null) return { outcome: require.whenAbsent }
  const object = readObjectRow(row, { bucketId, latest: row[COUNT] === 1, deleteMarker: row[COUNT + 1] === 1 })
  if (require.existing.k === 'lit') return require.existing.v === true ? { outcome: 'found', object } : refusal(query, object)
  const [bucketRow] = yield { sql: BUCKET, values: [bucketId] }
  if (bucketRow === undefined) return { outcome: require.whenAbsent }
  const bucket = readBucketFacts(bucketRow, 0)
  const visible = yield* passes(context, require.existing, () => objectPolicyRow(bucket, object))
  return visible ? { outcome: 'found', object } : refusal(query, object)
}

function refusal({ require }: FindObjectQuery, object: ObjectInfo): { readonly outcome: 'absent' | 'forbidden' } {
  return { outcome: object.deleteMarker ? require.whenAbsent : require.deniedExisting }
}

function* readRecord(context: SqlContext, object: ObjectInfo, row: SqlRow): SqlProgram<ObjectRecord | null> {
  const manifestId = integerOf(row[COUNT + 2])
  const packed = bytesOrNull(row[COUNT + 3])
  if (packed === null) return { ...object, manifestId, extents: [] }
  const stored = decodeExtents(manifestId, packed)
  const own = bytesOrNull(row[COUNT + 4])
  const bytes = new Map<number, Uint8Array>(own === null ? [] : [[manifestId, own]])
  const wanted = stored.flatMap((extent) => (extent.kind === 'inline' && !bytes.has(extent.inlineId) ? [extent.inlineId] : []))
  if (wanted.length > 0) yield* readInline(context, wanted, bytes)
  const extents = hydrate(stored, bytes)
  return extents === null ? null : { ...object, manifestId, extents }
}

const INLINES = (each: string): string => `SELECT id, bytes FROM inline_bytes WHERE id IN (SELECT CAST(value AS bigint) FROM ${each})`

/** Adds the inline bytes of the ids to the map; ids that are gone are left out. */
export function* readInline({ dialect }: SqlContext, ids: readonly number[], into: Map<number, Uint8Array>): SqlProgram<void> {
  const rows = yield { sql: INLINES(dialect.each), values: [JSON.stringify(ids)] }
  for (const row of rows) into.set(integerOf(row[0]), bytesOf(row[1]))
}

/** Puts inline bytes into extents; null where some are missing. */
function hydrate(stored: readonly StoredExtent[], bytes: ReadonlyMap<number, Uint8Array>): Extent[] | null {
  const extents: Extent[] = []
  for (const extent of stored) {
    if (extent.kind === 'blob') {
      extents.push(extent)
      continue
    }
    const { inlineId, ...facts } = extent
    const found = bytes.get(inlineId)
    if (found === undefined) return null
    // A body that is shorter than its length would look complete to whoever asked for a stretch of it.
    if (extent.envelope === null && found.length !== extent.length) throw damaged(`${found.length} of ${extent.length} bytes are there`)
    extents.push({ ...facts, bytes: found })
  }
  return extents
}

function damaged(reason: string): StorageError<'BlobDamaged'> {
  return new StorageError('BlobDamaged', { blob: 'inline', reason })
}
