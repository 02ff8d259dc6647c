/** What one row takes in a table and in each of its indexes, in bytes, by the name of the relation. */
export type RowSizes = Readonly<Record<string, number>>

/** What `measure-sizes.ts` has measured. */
export interface StoredSizes {
  readonly date: string
  readonly commit: string
  /** Rows in the tables that were measured. */
  readonly rows: number
  /** Bytes of the keys. */
  readonly keyLength: number
  /** Of objects with one blob each. */
  readonly row: RowSizes
  /** Write-ahead log of one operation, in bytes. */
  readonly wal: {
    /** Keys all over the table, behind a checkpoint: nearly each page that is touched is logged whole. */
    readonly putAnywhere: number
    /** Keys in order. */
    readonly putInOrder: number
    readonly deleteAnywhere: number
  }
  /** Operations a second, of one process with 32 at once, on the machine of the report. */
  readonly rate: {
    readonly putAnywhere: number
    /** All keys under one prefix, in order: the same page of each index. */
    readonly putOnePrefix: number
    /** Blobs that the collector claims and forgets, beside what its backend takes. */
    readonly garbage: number
  }
}
