import type { MetadataStore } from '../../metadata/metadata-store.ts'
import { copiedTables } from './copied-tables.ts'
import { checkSame, surveyTables } from './survey-tables.ts'
import type { TableSurvey } from './survey-tables.ts'

/** What is held against what. */
export interface CheckSnapshotOptions {
  /** Open, made with `openMarked`, and by a release whose schema is the same: rows of another one have other columns. */
  readonly snapshot: MetadataStore
  /** As `snapshotMetadata` gave them. */
  readonly tables: readonly TableSurvey[]
  /** Hears how many rows of how many have been read, page by page. */
  readonly onProgress?: (done: number, total: number) => void
  /** Stops it; it rejects then. */
  readonly signal?: AbortSignal
}

/** Reads all rows of a snapshot and holds them against their digests. Rejects with `StoreNotUsable` where they are others. Memory is bounded. */
export async function checkSnapshot({ snapshot: { copying }, tables, onProgress, signal }: CheckSnapshotOptions): Promise<void> {
  const total = tables.reduce((sum, { rows }) => sum + rows, 0)
  let done = 0
  const onRows = (count: number): void => {
    done += count
    onProgress?.(done, total)
  }
  checkSame(tables, await surveyTables(copying, (await copiedTables(copying)).tables, { onRows, signal }))
}
