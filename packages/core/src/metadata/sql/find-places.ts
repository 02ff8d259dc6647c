import type { PlacedExtent, PlacedManifest, VersionPlace } from '../exchange.ts'
import { bytesOrNull, integerOf } from './column.ts'
import { decodeExtents } from './extent-codec.ts'
import { blobName, readBlobRows } from './references.ts'
import type { SqlContext, SqlProgram } from './sql-driver.ts'

const PLACE = `SELECT o.manifest_id, o.extents FROM objects o WHERE o.bucket_id = ? AND o.key = ? AND o.sequence = ?
UNION ALL SELECT v.manifest_id, v.extents FROM object_versions v
WHERE v.bucket_id = ? AND v.key = ? AND v.sequence = ? AND v.delete_marker = 0`
// Two seeks, not one that is different from ours: all parts of an object may hold one blob.
const OTHER = (compare: '<' | '>'): string => `EXISTS
(SELECT 1 FROM blob_refs o WHERE o.backend_id = own.backend_id AND o.blob = own.blob AND o.manifest_id ${compare} own.manifest_id)`
const SHARED = `SELECT DISTINCT own.backend_id, own.blob FROM blob_refs own WHERE own.manifest_id = ? AND (${OTHER('<')} OR ${OTHER('>')})`

/** Finds where the bytes of a version lie; null where it is gone. */
export function* findPlaces(_: SqlContext, { bucketId, key, sequence }: VersionPlace): SqlProgram<PlacedManifest | null> {
  const [row] = yield { sql: PLACE, values: [bucketId, key, sequence, bucketId, key, sequence] }
  if (row === undefined) return null
  const manifestId = integerOf(row[0])
  const packed = bytesOrNull(row[1])
  const stored = packed === null ? [] : decodeExtents(manifestId, packed)
  const shared = new Set(readBlobRows(yield { sql: SHARED, values: [manifestId] }).map(blobName))
  const extents = stored.map((extent): PlacedExtent => {
    if (extent.kind === 'blob') return { ...extent, shared: shared.has(blobName(extent)) }
    const { inlineId: _id, ...facts } = extent
    return facts
  })
  return { manifestId, extents }
}
