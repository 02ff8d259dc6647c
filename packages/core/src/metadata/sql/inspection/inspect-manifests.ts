import type { InspectedManifest, InspectionPage, InspectionQuery, MissingInline } from '../../inspection.ts'
import type { Extent } from '../../../model/extent.ts'
import { bytesOf, integerOf, integerOrNull, textOf } from '../column.ts'
import { decodeExtents } from '../extent-codec.ts'
import type { StoredExtent } from '../extent-codec.ts'
import { readInline } from '../find-object.ts'
import { inlineIds } from '../version-store.ts'
import type { SqlContext, SqlProgram, SqlRow } from '../sql-driver.ts'
import { formatPosition, parsePosition } from './inspection-position.ts'
import type { InspectionPosition } from './inspection-position.ts'

/*
 * Four walks one behind the other: current objects, noncurrent versions, open uploads, in the order of their keys; and
 * the parts or pieces of the one the walk came by last, before it goes on. So each part is told with whose it is, without
 * an index that only this would need.
 */

/** Phase, then the key of the walk's last row (bucket, key, sequence; or the upload's id), then the holder below it and how far it was read. */
const POSITION_LENGTH = 7
type Phase = 'objects' | 'versions' | 'uploads'

/** Whose parts or pieces are read: the manifest of an object or of an upload. */
interface Inner {
  readonly manifestId: number
  readonly table: 'parts' | 'append_pieces'
  /** The last part number or offset that was read; -1 for none. */
  readonly after: number
}

interface Position {
  readonly phase: Phase
  /** Of the last row; null at the start. */
  readonly row: readonly [bucketId: string, key: string, sequence: number] | readonly [uploadId: string] | null
  readonly inner: Inner | null
}

const START: Position = { phase: 'objects', row: null, inner: null }
const NEXT: Readonly<Record<Phase, Phase | null>> = { objects: 'versions', versions: 'uploads', uploads: null }

/** A manifest whose inline bytes are still to be read. */
interface Unread {
  readonly manifest: Omit<InspectedManifest, 'extents'>
  readonly stored: readonly StoredExtent[]
}
interface Walked {
  readonly unread: readonly Unread[]
  readonly next: Position | null
}

/** A page of everything that holds extents. May be empty before the end. */
export function* inspectManifests(context: SqlContext, query: InspectionQuery): SqlProgram<InspectionPage<InspectedManifest>> {
  const position = readPosition(query.after)
  const { unread, next } = yield* walk(position, query.limit)
  const bytes = new Map<number, Uint8Array>()
  const wanted = unread.flatMap(({ stored }) => inlineIds(stored))
  if (wanted.length > 0) yield* readInline(context, wanted, bytes)
  const rows = unread.map(({ manifest, stored }) => ({ ...manifest, extents: stored.map((extent) => withBytes(extent, bytes)) }))
  return { rows, next: next === null ? null : writePosition(next) }
}

function* walk(position: Position, limit: number): SqlProgram<Walked> {
  if (position.inner !== null) return yield* walkInner(position, position.inner, limit)
  return position.phase === 'uploads' ? yield* walkUploads(position) : yield* walkVersions(position, limit)
}

const VERSION_COLUMNS = 'bucket_id, key, sequence, version_id, manifest_id, size, part_count, extents'
const VERSION_KEY = '(bucket_id, key, sequence)'
const VERSIONS: Readonly<Record<Exclude<Phase, 'uploads'>, { readonly from: string; readonly order: string }>> = {
  objects: { from: 'objects WHERE true', order: 'bucket_id, key' },
  versions: { from: 'object_versions WHERE delete_marker = 0', order: 'bucket_id, key, sequence' },
}

function* walkVersions(position: Position, limit: number): SqlProgram<Walked> {
  const phase = position.phase === 'versions' ? 'versions' : 'objects'
  const { from, order } = VERSIONS[phase]
  const key = phase === 'objects' ? '(bucket_id, key)' : VERSION_KEY
  const start = position.row === null ? [] : position.row.slice(0, phase === 'objects' ? 2 : 3)
  const where = start.length === 0 ? '' : ` AND ${key} > (${start.map(() => '?').join(', ')})`
  const rows = yield { sql: `SELECT ${VERSION_COLUMNS} FROM ${from}${where} ORDER BY ${order} LIMIT ?`, values: [...start, limit] }
  const unread: Unread[] = []
  for (const row of rows) {
    unread.push(readVersion(row))
    const at: Position = { phase, row: [textOf(row[0]), textOf(row[1]), integerOf(row[2])], inner: null }
    // The walk stops at an object with parts, and goes on behind it when they are told.
    if (row[6] !== null) return { unread, next: { ...at, inner: { manifestId: integerOf(row[4]), table: 'parts', after: -1 } } }
    if (unread.length === limit) return { unread, next: at }
  }
  return { unread, next: phaseBehind(phase) }
}

function phaseBehind(phase: Phase): Position | null {
  const next = NEXT[phase]
  return next === null ? null : { phase: next, row: null, inner: null }
}

function readVersion(row: SqlRow): Unread {
  const manifestId = integerOf(row[4])
  const manifest: Unread['manifest'] = {
    kind: 'object',
    bucketId: textOf(row[0]),
    key: textOf(row[1]),
    versionId: textOf(row[3]),
    uploadId: null,
    partNumber: null,
    manifestId,
    partCount: integerOrNull(row[6]),
    size: integerOf(row[5]),
  }
  return { manifest, stored: decode(manifestId, row[7]) }
}

const NEXT_UPLOAD = `SELECT id, manifest_id, kind FROM uploads WHERE status = 'open' AND id > ? ORDER BY id LIMIT 1`

function* walkUploads({ row }: Position): SqlProgram<Walked> {
  const [upload] = yield { sql: NEXT_UPLOAD, values: [row?.[0] ?? ''] }
  if (upload === undefined) return { unread: [], next: null }
  const inner: Inner = { manifestId: integerOf(upload[1]), table: upload[2] === 'parts' ? 'parts' : 'append_pieces', after: -1 }
  return { unread: [], next: { phase: 'uploads', row: [textOf(upload[0])], inner } }
}

const INNER: Readonly<Record<Inner['table'], string>> = {
  parts: 'SELECT part_number, size, extents FROM parts WHERE manifest_id = ? AND part_number > ? ORDER BY part_number LIMIT ?',
  append_pieces:
    'SELECT piece_offset, length, extents FROM append_pieces WHERE manifest_id = ? AND piece_offset > ? ORDER BY piece_offset LIMIT ?',
}
const HOLDER_UPLOAD = 'SELECT bucket_id, key FROM uploads WHERE id = ?'

function* walkInner(position: Position, inner: Inner, limit: number): SqlProgram<Walked> {
  const { manifestId, table } = inner
  const whose = yield* holderOf(position)
  const rows = yield { sql: INNER[table], values: [manifestId, inner.after, limit] }
  const unread = rows.map((row): Unread => {
    const number = integerOf(row[0])
    const partNumber = table === 'parts' ? number : null
    return {
      manifest: { kind: 'part', ...whose, partNumber, manifestId, partCount: null, size: integerOf(row[1]) },
      stored: decode(manifestId, row[2]),
    }
  })
  const last = rows.length === limit ? rows.at(-1) : undefined
  return { unread, next: { ...position, inner: last === undefined ? null : { ...inner, after: integerOf(last[0]) } } }
}

type Whose = Pick<InspectedManifest, 'bucketId' | 'key' | 'versionId' | 'uploadId'>

function* holderOf({ row }: Position): SqlProgram<Whose> {
  const [first = '', key = ''] = row ?? []
  if (row?.length === 3) return { bucketId: first, key, versionId: null, uploadId: null }
  const [upload] = yield { sql: HOLDER_UPLOAD, values: [first] }
  return { bucketId: textOf(upload?.[0] ?? ''), key: textOf(upload?.[1] ?? ''), versionId: null, uploadId: first }
}

/** Extents that cannot be unpacked are none: the row's size then tells. */
function decode(manifestId: number, packed: SqlRow[number] | undefined): readonly StoredExtent[] {
  if (packed === null || packed === undefined) return []
  try {
    return decodeExtents(manifestId, bytesOf(packed))
  } catch {
    return []
  }
}

function withBytes(extent: StoredExtent, bytes: ReadonlyMap<number, Uint8Array>): Extent | MissingInline {
  if (extent.kind === 'blob') return extent
  const { inlineId, ...facts } = extent
  const found = bytes.get(inlineId)
  return found === undefined ? { kind: 'missing-inline', length: extent.length, inlineId } : { ...facts, bytes: found }
}

function writePosition({ phase, row, inner }: Position): string {
  const [first = null, second = null, third = null] = row ?? []
  return formatPosition([phase, first, second, third, inner?.manifestId ?? null, inner?.table ?? null, inner?.after ?? null])
}

function readPosition(after: string | null): Position {
  const values: InspectionPosition | null = parsePosition(after, POSITION_LENGTH)
  if (values === null) return START
  const [phase, first, second, third, manifestId, table, innerAfter] = values
  return {
    phase: phase === 'objects' || phase === 'versions' ? phase : 'uploads',
    row: typeof first !== 'string' ? null : second === null ? [first] : [first, textOf(second), integerOf(third)],
    inner:
      typeof manifestId !== 'number'
        ? null
        : { manifestId, table: table === 'parts' ? 'parts' : 'append_pieces', after: integerOf(innerAfter) },
  }
}
