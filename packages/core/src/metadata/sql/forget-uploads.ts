import { textOf } from './column.ts'
import type { SqlContext, SqlProgram, SqlStatement } from './sql-driver.ts'

const forgetText = (each: string): string => `DELETE FROM uploads WHERE id IN (SELECT value ->> 0 FROM ${each}) RETURNING id`

/** How many a statement found, and how many of these nobody else was faster to delete. */
export interface ForgottenUploads {
  readonly found: number
  readonly forgotten: number
}

/**
 * Deletes the uploads whose ids a statement gives. Two statements, not one with the other in it: Postgres, which cannot tell how
 * many that will find, would read the whole table to be safe.
 */
export function* forgetUploads({ dialect }: SqlContext, find: SqlStatement): SqlProgram<ForgottenUploads> {
  const ids = (yield find).map((row) => textOf(row[0]))
  if (ids.length === 0) return { found: 0, forgotten: 0 }
  const forgotten = yield { sql: forgetText(dialect.each), values: [JSON.stringify(ids.map((id) => [id]))] }
  return { found: ids.length, forgotten: forgotten.length }
}
