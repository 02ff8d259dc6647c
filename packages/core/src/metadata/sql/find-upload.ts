import type { AppendPiece, UploadQuery, UploadRecord } from '../metadata-store.ts'
import { bytesOf, bytesOrNull, integerOf } from './column.ts'
import { decodeExtents, readExtentsHeader } from './extent-codec.ts'
import { readInline } from './find-object.ts'
import type { SqlContext, SqlProgram } from './sql-driver.ts'
import { readUpload } from './upload-state.ts'
import { inlineIds } from './version-store.ts'

/** So many pieces of a tail are told at the most. */
const TAIL_MAX = 256

const TAIL = `SELECT piece_offset, length, substr(extents, 1, 2) FROM append_pieces
WHERE manifest_id = ? AND piece_offset < ? ORDER BY piece_offset DESC LIMIT ${TAIL_MAX}`

/** Finds an upload, open or completed. */
export function* findUpload(context: SqlContext, query: UploadQuery): SqlProgram<UploadRecord | null> {
  const upload = yield* readUpload(context, query)
  if (upload === null) return null
  const { info, hashState, extentCount, answer } = upload
  const status = answer === null ? 'open' : 'completed'
  const tail = info.kind === 'append' && answer === null ? yield* readTail(upload.manifestId, info.offset) : []
  return { ...info, status, result: answer?.object ?? null, hashState, extentCount, tail }
}

/** The inline pieces behind the last blob, oldest first. */
function* readTail(manifestId: number, end: number): SqlProgram<readonly AppendPiece[]> {
  const rows = yield { sql: TAIL, values: [manifestId, end] }
  const tail: AppendPiece[] = []
  for (const row of rows) {
    if (readExtentsHeader(bytesOrNull(row[2])).blobs) break
    tail.push({ offset: integerOf(row[0]), length: integerOf(row[1]) })
  }
  return tail.reverse()
}

const PIECES = 'SELECT piece_offset, extents FROM append_pieces WHERE manifest_id = ? AND piece_offset >= ? ORDER BY piece_offset'

/** The inline bytes of an append upload from the start of a piece on; none where the upload is gone, or no piece begins there. */
export function* readAppendTail(context: SqlContext, query: UploadQuery & { readonly from: number }): SqlProgram<Uint8Array> {
  const upload = yield* readUpload(context, query)
  if (upload === null || upload.answer !== null) return new Uint8Array(0)
  const rows = yield { sql: PIECES, values: [upload.manifestId, query.from] }
  const extents = rows.flatMap((row) => decodeExtents(upload.manifestId, bytesOf(row[1])))
  // Another append has merged these pieces since the caller saw them.
  if (rows[0]?.[0] !== query.from || extents.some(({ kind }) => kind !== 'inline')) return new Uint8Array(0)
  const ids = inlineIds(extents)
  const bytes = new Map<number, Uint8Array>()
  if (ids.length > 0) yield* readInline(context, ids, bytes)
  return Buffer.concat(ids.map((id) => bytes.get(id) ?? new Uint8Array(0)))
}
