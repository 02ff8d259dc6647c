import type { CopiedRow, CopiedTable, StoreMark } from '../../metadata/copying.ts'
import type { MetadataStore } from '../../metadata/metadata-store.ts'
import { copiedTables } from './copied-tables.ts'
import { copyTables, NO_PROGRESS, writeMarked } from './copy-tables.ts'
import { checkSame, surveyTables, TableSums } from './survey-tables.ts'
import type { TableSurvey } from './survey-tables.ts'

/** What a snapshot is taken of, and where it goes. Both stores are open. */
export interface SnapshotMetadataOptions {
  /** In use, or not: what is copied is of one moment. */
  readonly from: MetadataStore
  /** Empty, and made with `openMarked`. To be closed afterwards. */
  readonly to: MetadataStore
  /** What is kept in the snapshot's mark, which keeps it from being served. */
  readonly facts: Readonly<Record<string, string | number>>
  /** Hears how many rows of how many are copied, page by page. */
  readonly onProgress?: (done: number, total: number) => void
  /** Stops it; it rejects then, and what is there stays a copy that is not finished. */
  readonly signal?: AbortSignal
}

/** What a snapshot has. */
export interface SnapshotOfMetadata {
  readonly tables: readonly TableSurvey[]
  readonly rows: number
  /** As `StoreMark.version`. */
  readonly markVersion: number
}

/**
 * Copies all rows of a store, as they are at one moment, into an empty one, while others write; and reads them back and compares. Memory
 * is bounded. It is a backup once that has been found to be the same, and until then a copy that is not finished. While it takes, the
 * database keeps what is deleted meanwhile.
 */
export async function snapshotMetadata({ from, to, facts, onProgress, signal }: SnapshotMetadataOptions): Promise<SnapshotOfMetadata> {
  const body = { ...facts, state: 'copying', ...NO_PROGRESS, after: null } as const
  const sums = new TableSums()
  const { tables, mark } = await from.copying.held(async (rows) => {
    const found = await copiedTables(rows)
    let total = 0
    for (const table of found.tables) total += await rows.count(table)
    let done = 0
    const onRows = (table: CopiedTable, page: readonly CopiedRow[]): void => {
      sums.add(table, page)
      done += page.length
      onProgress?.(done, total)
    }
    const first: StoreMark = await writeMarked(to.copying, { version: null }, { mark: body, onlyEmpty: true })
    const copied = await copyTables({ rows, tables: found.tables, to: to.copying, mark: first, onRows, signal })
    return { tables: found.tables, mark: copied }
  })
  const surveys = sums.surveys()
  checkSame(surveys, await surveyTables(to.copying, tables, { signal }))
  const { version } = await writeMarked(to.copying, mark, { mark: { ...facts, state: 'backup' } })
  return { tables: surveys, rows: surveys.reduce((sum, { rows }) => sum + rows, 0), markVersion: version }
}
