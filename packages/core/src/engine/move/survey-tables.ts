import { createHash } from 'node:crypto'
import type { CopiedRow, CopiedTable, StoreRows } from '../../metadata/copying.ts'
import { tableName } from './copied-tables.ts'
import { rowPages } from './row-pages.ts'

/** What a table holds, in figures. */
export interface TableSurvey {
  readonly name: string
  readonly rows: number
  /** SHA-256 over all rows in the order of their keys, in hex: the same for the same rows, whatever database has them. */
  readonly digest: string
}

/** How a survey is made. */
export interface SurveyOptions {
  /** Hears how many rows have been read since it was last called. */
  readonly onRows?: (count: number) => void
  /** Looks at each row as well. */
  readonly check?: (table: CopiedTable, row: CopiedRow) => void
  /** Stops it between pages. */
  readonly signal?: AbortSignal | undefined
}

/** Reads all rows of some tables, and sums them up. */
export async function surveyTables(
  rows: StoreRows,
  tables: readonly CopiedTable[],
  { onRows, check, signal }: SurveyOptions,
): Promise<readonly TableSurvey[]> {
  const surveys: TableSurvey[] = []
  for (const table of tables) {
    const hash = createHash('sha256')
    let count = 0
    for await (const page of rowPages(rows, table, { after: null, signal })) {
      hash.update(page.rows.map(rowText).join(''))
      for (const row of check === undefined ? [] : page.rows) check?.(table, row)
      count += page.rows.length
      onRows?.(page.rows.length)
    }
    surveys.push({ name: tableName(table), rows: count, digest: hash.digest('hex') })
  }
  return surveys
}

/** A row as JSON: no two rows have the same, for bytes are an object, and no value is one. */
function rowText(row: CopiedRow): string {
  const values = row.map((value) => (value instanceof Uint8Array ? { bytes: Buffer.from(value).toString('base64') } : value))
  return `${JSON.stringify(values)}\n`
}
