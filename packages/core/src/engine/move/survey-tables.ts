import { createHash } from 'node:crypto'
import type { Hash } from 'node:crypto'
import { StorageError } from '../../errors/storage-error.ts'
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
  const sums = new TableSums()
  for (const table of tables) {
    for await (const page of rowPages(rows, table, { after: null, signal })) {
      sums.add(table, page.rows)
      for (const row of check === undefined ? [] : page.rows) check?.(table, row)
      onRows?.(page.rows.length)
    }
  }
  return sums.surveys()
}

/** Sums up tables whose rows come in pages, one table after the other. */
export class TableSums {
  readonly #done: TableSurvey[] = []
  #current: { readonly name: string; readonly hash: Hash; rows: number } | null = null

  /** The next rows of a table; none is a page, too. */
  add(table: CopiedTable, rows: readonly CopiedRow[]): void {
    const name = tableName(table)
    if (this.#current?.name !== name) this.#end()
    this.#current ??= { name, hash: createHash('sha256'), rows: 0 }
    // One by one: a page in one text may be longer than a text can be.
    for (const row of rows) this.#current.hash.update(rowText(row))
    this.#current.rows += rows.length
  }

  /** All tables that rows came of, in their order. */
  surveys(): readonly TableSurvey[] {
    this.#end()
    return this.#done
  }

  #end(): void {
    if (this.#current === null) return
    const { name, rows, hash } = this.#current
    this.#done.push({ name, rows, digest: hash.digest('hex') })
    this.#current = null
  }
}

/** Throws where two sides of a copy are not the same. */
export function checkSame(wanted: readonly TableSurvey[], found: readonly TableSurvey[]): void {
  for (const [at, { name, rows, digest }] of wanted.entries()) {
    const copy = found[at]
    if (copy?.rows === rows && copy.digest === digest) continue
    const difference = copy?.rows === rows ? 'other rows' : `${copy?.rows ?? 0} rows instead of ${rows}`
    throw new StorageError('StoreNotUsable', { reason: `the copy is not what was copied: it has ${difference} in ${name}` })
  }
}

/** A row as JSON: no two rows have the same, for bytes are an object, and no value is one. */
function rowText(row: CopiedRow): string {
  const values = row.map((value) => (value instanceof Uint8Array ? { bytes: Buffer.from(value).toString('base64') } : value))
  return `${JSON.stringify(values)}\n`
}
