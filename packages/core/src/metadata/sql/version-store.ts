import type { ObjectInfo } from '../../model/object.ts'
import type { Extent } from '../../model/extent.ts'
import { bytesOf } from './column.ts'
import { decodeExtents, encodeExtents } from './extent-codec.ts'
import type { StoredExtent } from './extent-codec.ts'
import type { HeldVersion } from './key-state.ts'
import { OBJECT_COLUMN_NAMES, objectValues } from './object-row.ts'
import { dropAllReferences } from './references.ts'
import type { SqlContext, SqlProgram, SqlValue } from './sql-driver.ts'

/* Moves rows between `objects` and `object_versions`, and lets go of what a row held. */

const STORED = ['bucket_id', ...OBJECT_COLUMN_NAMES, 'manifest_id', 'extents']
const COLUMNS = STORED.join(', ')
const PLACES = STORED.map(() => '?').join(', ')
const UPDATES = STORED.filter((name) => name !== 'bucket_id' && name !== 'key')
  .map((name) => `${name} = excluded.${name}`)
  .join(', ')

const INSERT_CURRENT = `INSERT INTO objects (${COLUMNS}) VALUES (${PLACES})`
const REPLACE_CURRENT = `${INSERT_CURRENT} ON CONFLICT (bucket_id, key) DO UPDATE SET ${UPDATES}`
const INSERT_MARKER = `INSERT INTO object_versions (${COLUMNS}, delete_marker) VALUES (${PLACES}, 1)`
const DEMOTE = `INSERT INTO object_versions (${COLUMNS}, delete_marker) SELECT ${COLUMNS}, 0 FROM objects WHERE bucket_id = ? AND key = ?`
const PROMOTE = `INSERT INTO objects (${COLUMNS}) SELECT ${COLUMNS} FROM object_versions WHERE bucket_id = ? AND key = ? AND sequence = ?`
const DELETE_CURRENT = 'DELETE FROM objects WHERE bucket_id = ? AND key = ?'
const DELETE_VERSION = 'DELETE FROM object_versions WHERE bucket_id = ? AND key = ? AND sequence = ?'

/** A row to be written: the object, its manifest and its packed extents. */
export interface NewRow {
  readonly object: ObjectInfo
  readonly manifestId: number
  readonly extents: Uint8Array | null
}

function rowValues({ object, manifestId, extents }: NewRow): SqlValue[] {
  return [object.bucketId, ...objectValues(object), manifestId, extents]
}

/** Writes the current version of a key; `replaces` says whether the row that was there goes. */
export function* writeCurrent(row: NewRow, replaces: boolean): SqlProgram<void> {
  yield { sql: replaces ? REPLACE_CURRENT : INSERT_CURRENT, values: rowValues(row) }
}

/** Writes a delete marker. */
export function* writeMarker(object: ObjectInfo): SqlProgram<void> {
  yield { sql: INSERT_MARKER, values: rowValues({ object, manifestId: object.sequence, extents: null }) }
}

/** Copies the current version among the noncurrent ones; its row in `objects` is for the caller to replace or delete. */
export function* demoteCurrent(bucketId: string, key: string): SqlProgram<void> {
  yield { sql: DEMOTE, values: [bucketId, key] }
}

/** Deletes the row of the current version, not what it holds. */
export function* deleteCurrent(bucketId: string, key: string): SqlProgram<void> {
  yield { sql: DELETE_CURRENT, values: [bucketId, key] }
}

/** Makes a noncurrent version the current one again. */
export function* promoteVersion({ info }: HeldVersion): SqlProgram<void> {
  const values = [info.bucketId, info.key, info.sequence]
  yield { sql: PROMOTE, values }
  yield { sql: DELETE_VERSION, values }
}

/** Deletes the row of a version, wherever it is, and lets go of all it holds. */
export function* removeVersion(context: SqlContext, version: HeldVersion, now: number): SqlProgram<void> {
  yield* releaseContent(context, version, now)
  const { bucketId, key, sequence } = version.info
  if (version.live) yield* deleteCurrent(bucketId, key)
  else yield { sql: DELETE_VERSION, values: [bucketId, key, sequence] }
}

const DELETE_INLINE = 'DELETE FROM inline_bytes WHERE id = ?'
const DELETE_INLINES = (each: string): string => `DELETE FROM inline_bytes WHERE id IN (SELECT CAST(value AS bigint) FROM ${each})`
const DELETE_PARTS = 'DELETE FROM parts WHERE manifest_id = ?'
const EXTENTS_LIVE = 'SELECT extents FROM objects WHERE bucket_id = ? AND key = ?'
const EXTENTS_NONCURRENT = 'SELECT extents FROM object_versions WHERE bucket_id = ? AND key = ? AND sequence = ?'

/** Lets go of a version's bytes, references and part facts, while its row is still there. */
export function* releaseContent(context: SqlContext, version: HeldVersion, now: number): SqlProgram<void> {
  const { info, manifestId, header, live } = version
  if (header.single) yield { sql: DELETE_INLINE, values: [manifestId] }
  if (header.scattered) {
    const key = [info.bucketId, info.key]
    const [row] = yield live ? { sql: EXTENTS_LIVE, values: key } : { sql: EXTENTS_NONCURRENT, values: [...key, info.sequence] }
    if (row !== undefined) yield* deleteInline(context, inlineIds(decodeExtents(manifestId, bytesOf(row[0]))))
  }
  if (header.blobs) yield* dropAllReferences(context, manifestId, now)
  if (info.partCount !== null) yield { sql: DELETE_PARTS, values: [manifestId] }
}

/** Deletes inline bytes by their ids. */
export function* deleteInline(context: SqlContext, ids: readonly number[]): SqlProgram<void> {
  if (ids.length > 0) yield { sql: DELETE_INLINES(context.dialect.each), values: [JSON.stringify(ids)] }
}

/** The ids of the inline extents of a list. */
export function inlineIds(extents: readonly StoredExtent[]): number[] {
  return extents.flatMap((extent) => (extent.kind === 'inline' ? [extent.inlineId] : []))
}

const INSERT_INLINE = 'INSERT INTO inline_bytes (id, bytes) VALUES (?, ?)'
const NEXT = (nextSequence: string): string => `SELECT ${nextSequence}`

/**
 * Stores the inline bytes of an extent list and packs the list. The first inline extent takes `firstInlineId` (the
 * manifest's own id for a whole object, null where that id may be taken); further ones take ids of the commit sequence.
 */
export function* storeExtents(
  context: SqlContext,
  extents: readonly Extent[],
  ids: { readonly manifestId: number; readonly firstInlineId: number | null },
): SqlProgram<Uint8Array> {
  let free = ids.firstInlineId
  const stored: StoredExtent[] = []
  for (const extent of extents) {
    if (extent.kind === 'blob') {
      stored.push(extent)
      continue
    }
    const { bytes, ...facts } = extent
    const inlineId = free ?? (yield* takeSequence(context))
    free = null
    yield { sql: INSERT_INLINE, values: [inlineId, bytes] }
    stored.push({ ...facts, inlineId })
  }
  return encodeExtents(ids.manifestId, stored)
}

/** The next value of the commit sequence. */
function* takeSequence(context: SqlContext): SqlProgram<number> {
  if (!context.dialect.locks) return context.sequence(null)
  const [row] = yield { sql: NEXT(context.dialect.nextSequence), values: [] }
  return context.sequence(row?.[0] ?? null)
}
