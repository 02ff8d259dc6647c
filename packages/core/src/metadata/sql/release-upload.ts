import { bytesOf } from './column.ts'
import { decodeExtents } from './extent-codec.ts'
import { unrefer } from './references.ts'
import type { SqlContext, SqlProgram } from './sql-driver.ts'
import { deleteInline, inlineIds } from './version-store.ts'

const EXTENTS = `SELECT extents FROM parts WHERE manifest_id = ? UNION ALL SELECT extents FROM append_pieces WHERE manifest_id = ?`
const DELETE_PARTS = 'DELETE FROM parts WHERE manifest_id = ?'
const DELETE_PIECES = 'DELETE FROM append_pieces WHERE manifest_id = ?'
const DELETE_UPLOAD = 'DELETE FROM uploads WHERE id = ?'

/** An upload that ends without an object. */
export interface ReleasedUpload {
  readonly uploadId: string
  readonly manifestId: number
  /** The store's time, in milliseconds. */
  readonly now: number
}

/** Deletes an open upload with all it holds; its blobs become garbage. */
export function* releaseUpload(context: SqlContext, { uploadId, manifestId, now }: ReleasedUpload): SqlProgram<void> {
  const rows = yield { sql: EXTENTS, values: [manifestId, manifestId] }
  yield* deleteInline(
    context,
    rows.flatMap((row) => inlineIds(decodeExtents(manifestId, bytesOf(row[0])))),
  )
  yield* unrefer(context, manifestId, now)
  yield { sql: DELETE_PARTS, values: [manifestId] }
  yield { sql: DELETE_PIECES, values: [manifestId] }
  yield { sql: DELETE_UPLOAD, values: [uploadId] }
}
