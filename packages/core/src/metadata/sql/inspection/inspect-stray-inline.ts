import type { InspectionPage, InspectionQuery } from '../../inspection.ts'
import { bytesOf, integerOf } from '../column.ts'
import { decodeExtents } from '../extent-codec.ts'
import { inlineIds } from '../version-store.ts'
import type { SqlProgram, SqlRows, SqlValue } from '../sql-driver.ts'
import { formatPosition, parsePosition } from './inspection-position.ts'

/** Ids held against all manifests at once: some 10 MB. */
const IDS_MAX = 200_000
/** Rows of one statement; a row of 10,000 extents has some 400 KB. */
const ROWS_MAX = 200

const IDS = 'SELECT id FROM inline_bytes WHERE id > ? ORDER BY id LIMIT ?'

interface Walk {
  readonly table: string
  readonly key: readonly string[]
}
const WALKS: readonly Walk[] = [
  { table: 'objects', key: ['bucket_id', 'key'] },
  { table: 'object_versions', key: ['bucket_id', 'key', 'sequence'] },
  { table: 'parts', key: ['manifest_id', 'part_number'] },
  { table: 'append_pieces', key: ['manifest_id', 'piece_offset'] },
]

/** Ids of inline bytes that no extent names: a run of ids is read, and those named anywhere are struck out. */
export function* inspectStrayInline(query: InspectionQuery): SqlProgram<InspectionPage<number>> {
  const start = parsePosition(query.after, 1)?.[0] ?? -1
  const ids = (yield { sql: IDS, values: [start, IDS_MAX] }).map((row) => integerOf(row[0]))
  const stray = new Set(ids)
  for (const walk of WALKS) {
    if (stray.size > 0) yield* strikeOut(stray, walk)
  }
  const rows = [...stray].slice(0, query.limit)
  const cut = rows.length < stray.size ? rows.at(-1) : undefined
  const last = cut ?? (ids.length === IDS_MAX ? ids.at(-1) : undefined)
  return { rows, next: last === undefined ? null : formatPosition([last]) }
}

function* strikeOut(stray: Set<number>, { table, key }: Walk): SqlProgram<void> {
  const names = key.join(', ')
  const select = `SELECT manifest_id, extents, ${names} FROM ${table} WHERE extents IS NOT NULL`
  let last: readonly SqlValue[] | null = null
  for (;;) {
    const where: string = last === null ? '' : ` AND (${names}) > (${key.map(() => '?').join(', ')})`
    const rows: SqlRows = yield { sql: `${select}${where} ORDER BY ${names} LIMIT ?`, values: [...(last ?? []), ROWS_MAX] }
    for (const row of rows) for (const id of idsOf(row)) stray.delete(id)
    const end = rows.at(-1)
    if (rows.length < ROWS_MAX || end === undefined) return
    last = end.slice(2)
  }
}

/** Extents that cannot be unpacked name nothing: `manifests` shows them. */
function idsOf(row: readonly SqlValue[]): readonly number[] {
  const manifestId = integerOf(row[0])
  try {
    return inlineIds(decodeExtents(manifestId, bytesOf(row[1])))
  } catch {
    return []
  }
}
