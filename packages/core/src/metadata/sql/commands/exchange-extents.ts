import type { BlobMove, ExchangeExtentsCommand, ExchangeExtentsOutcome } from '../../exchange.ts'
import { assert } from '../../../util/assert.ts'
import { bytesOf, integerOf } from '../column.ts'
import { decodeExtents, encodeExtents } from '../extent-codec.ts'
import type { StoredExtent } from '../extent-codec.ts'
import { joinNeighbours } from '../join-neighbours.ts'
import { keyLock, lock } from '../locks.ts'
import { areReferenced, areReserved, blobName, blobsWithout, distinctBlobs, readReferences, replaceReferences } from '../references.ts'
import type { SqlContext, SqlProgram } from '../sql-driver.ts'

const HELD = `SELECT 1, o.manifest_id, o.extents, o.part_count FROM objects o WHERE o.bucket_id = ? AND o.key = ? AND o.sequence = ?
UNION ALL SELECT 0, v.manifest_id, v.extents, v.part_count FROM object_versions v
WHERE v.bucket_id = ? AND v.key = ? AND v.sequence = ? AND v.delete_marker = 0 AND v.extents IS NOT NULL`
const REPLACE_CURRENT = 'UPDATE objects SET extents = ? WHERE bucket_id = ? AND key = ? AND sequence = ?'
const REPLACE_NONCURRENT = 'UPDATE object_versions SET extents = ? WHERE bucket_id = ? AND key = ? AND sequence = ?'

/** The moves by the name of the blob that they lead away from. */
type Moves = ReadonlyMap<string, BlobMove>

/**
 * Makes a version name other blobs for the same bytes, and lets go of those it named. The parts that it was completed from
 * hold the references, and name the blobs too: they move with it.
 */
export function* exchangeExtents(context: SqlContext, command: ExchangeExtentsCommand): SqlProgram<ExchangeExtentsOutcome> {
  const { bucketId, key, sequence, manifestId, fresh } = command
  const place = [bucketId, key, sequence]
  const now = yield* lock(context, [keyLock(bucketId, key)])
  const [row] = yield { sql: HELD, values: [...place, ...place] }
  if (row === undefined || integerOf(row[1]) !== manifestId) return { outcome: 'changed' }
  const stored = decodeExtents(manifestId, bytesOf(row[2]))
  const moves: Moves = new Map(command.moves.map((move) => [blobName(move.from), move]))
  assert(moves.size === command.moves.length, 'a blob moves to one place')
  const named = new Set(distinctBlobs(stored).map(blobName))
  if ([...moves.keys()].some((name) => !named.has(name))) return { outcome: 'changed' }
  const targets = distinctBlobs(command.moves.map(({ to }) => ({ kind: 'blob', ...to })))
  if (!(yield* areReserved(context, fresh))) return { outcome: 'blob-gone', fresh: true }
  if (!(yield* areReferenced(context, blobsWithout(targets, fresh)))) return { outcome: 'blob-gone', fresh: false }
  const left = command.moves.map(({ from }) => from)
  const held = yield* readReferences(context, manifestId, left)

  const packed = encodeExtents(manifestId, joinNeighbours(moved(stored, moves)))
  yield { sql: row[0] === 1 ? REPLACE_CURRENT : REPLACE_NONCURRENT, values: [packed, ...place] }
  if (row[3] !== null) yield* moveParts(context, { manifestId, partNumbers: held.map(({ partNumber }) => partNumber), moves })
  const taken = held.map(({ partNumber, ...blob }) => ({ ...(moves.get(blobName(blob))?.to ?? blob), partNumber }))
  yield* replaceReferences(context, { manifestId, left, taken, fresh, now })
  return { outcome: 'exchanged' }
}

function moved(extents: readonly StoredExtent[], moves: Moves): StoredExtent[] {
  return extents.map((extent) => {
    const move = extent.kind === 'blob' ? moves.get(blobName(extent)) : undefined
    if (move === undefined || extent.kind !== 'blob') return extent
    return { ...extent, ...move.to, storedOffset: extent.storedOffset + move.offset }
  })
}

const partsText = (each: string): string =>
  `SELECT part_number, extents FROM parts WHERE manifest_id = ? AND part_number IN (SELECT CAST(value AS bigint) FROM ${each})`
const UNHEX = { sqlite: 'unhex(value ->> 2)', postgres: `decode(value ->> 2, 'hex')` } as const
// One statement for all of them: on Postgres each one is a round trip, with the key locked. The manifest stands in each row so
// that SQLite seeks by both columns; it would go through the list once for each part otherwise.
const replaceText = ({ dialect }: SqlContext): string =>
  `UPDATE parts SET extents = ${UNHEX[dialect.name]} FROM ${dialect.each}
WHERE parts.manifest_id = CAST(value ->> 0 AS bigint) AND parts.part_number = CAST(value ->> 1 AS bigint)`

interface MovedParts {
  readonly manifestId: number
  readonly partNumbers: readonly number[]
  readonly moves: Moves
}

function* moveParts(context: SqlContext, { manifestId, partNumbers, moves }: MovedParts): SqlProgram<void> {
  const rows = yield { sql: partsText(context.dialect.each), values: [manifestId, JSON.stringify(partNumbers)] }
  const parts = rows.map((row) => {
    const packed = encodeExtents(manifestId, moved(decodeExtents(manifestId, bytesOf(row[1])), moves))
    return [manifestId, integerOf(row[0]), Buffer.from(packed).toString('hex')]
  })
  yield { sql: replaceText(context), values: [JSON.stringify(parts)] }
}
