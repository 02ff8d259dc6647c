import { bytesOf } from './column.ts'
import { decodeExtents } from './extent-codec.ts'
import { dropAllReferences } from './references.ts'
import type { SqlContext, SqlProgram } from './sql-driver.ts'
import { deleteInline, inlineIds } from './version-store.ts'

const EXTENTS = `SELECT extents FROM parts WHERE manifest_id = ? UNION ALL SELECT extents FROM append_pieces WHERE manifest_id = ?`
const DELETE_PARTS = 'DELETE FROM parts WHERE manifest_id = ?'
const DELETE_PIECES = 'DELETE FROM append_pieces WHERE manifest_id = ?'
const DELETE_UPLOAD = 'DELETE FROM uploads WHERE id = ?'

/** Other commands wait for one that ends uploads: when so many extents are gone, it leaves the rest to a further one. */
export const RELEASED_EXTENTS_MAX = 1_000

/** An upload that ends without an object. */
export interface ReleasedUpload {
  readonly uploadId: string
  readonly manifestId: number
  /** The store's time, in milliseconds. */
  readonly now: number
}

/** Deletes an open upload with all it holds; its blobs become garbage. Says how many extents it had. */
export function* releaseUpload(context: SqlContext, { uploadId, manifestId, now }: ReleasedUpload): SqlProgram<number> {
  const rows = yield { sql: EXTENTS, values: [manifestId, manifestId] }
  const extents = rows.flatMap((row) => decodeExtents(manifestId, bytesOf(row[0])))
  yield* deleteInline(context, inlineIds(extents))
  yield* dropAllReferences(context, manifestId, now)
  yield { sql: DELETE_PARTS, values: [manifestId] }
  yield { sql: DELETE_PIECES, values: [manifestId] }
  yield { sql: DELETE_UPLOAD, values: [uploadId] }
  return extents.length
}
