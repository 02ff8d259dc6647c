import type { JsonValue } from '../model/json-value.ts'
import type { Relation } from '../policy/relation.ts'
import type { DocumentsRead, ReadDocumentsQuery } from './documents.ts'

/*
 * Rows as they are, for whoever brings a whole namespace elsewhere: from one store into another, of whatever kind. Both give and take
 * them in one form, so that rows can be compared that two databases keep differently.
 */

/** The tables that every store has, in the order in which they are copied. Not among them: processes, which end with those that wrote them. */
export const COPIED_TABLES = [
  'policy_state',
  'documents',
  'buckets',
  'objects',
  'object_versions',
  'inline_bytes',
  'blob_refs',
  'garbage',
  'uploads',
  'parts',
  'append_pieces',
  'jobs',
  'outbox',
] as const

/** A table of every store, or that of a relation which the engine keeps. */
export type CopiedTable = (typeof COPIED_TABLES)[number] | Relation

/** What stands in a column: JSON as text with sorted names, everything of a relation as text. */
export type CopiedValue = string | number | Uint8Array | null
/** The columns of a row in the order of `StoreRows.columns`. */
export type CopiedRow = readonly CopiedValue[]

/** A page of a table. */
export interface CopiedRowsQuery {
  readonly table: CopiedTable
  /** Rows behind this key, a `next` of the page before; null begins. */
  readonly after: CopiedRow | null
  readonly limit: number
  /** What the columns of bytes of a page come to at the most, where it has more than one row. Default: whatever they come to. */
  readonly bytesMax?: number
}
/** Rows in the order of their keys, texts by their bytes. `next` is null at the end. */
export interface CopiedRowsPage {
  readonly rows: readonly CopiedRow[]
  readonly next: CopiedRow | null
}

/** The names of the columns of a table, which of them are the key that orders its rows, and which hold JSON. */
export interface CopiedColumns {
  readonly names: readonly string[]
  readonly key: readonly string[]
  readonly json: readonly string[]
}

/** Reads every row of a store. The mark of the store is not among them. */
export interface StoreRows {
  columns(table: CopiedTable): CopiedColumns
  rows(query: CopiedRowsQuery): Promise<CopiedRowsPage>
  /** How many rows a table has. */
  count(table: CopiedTable): Promise<number>
  /** Every number of the commit sequence up to this one may have been given out. */
  sequence(): Promise<number>
  readDocuments(query: ReadDocumentsQuery): Promise<DocumentsRead>
}

/**
 * Why a store is not to be served: it is a copy that is not finished, it has been moved elsewhere, it is a backup. Kept in the store.
 * Without `openMarked`, `open()` refuses such a one; where it is open already, it refuses commands, unless it is a backup.
 */
export interface StoreMark {
  /** Counts up with each write. No two marks of a store have the same, one that was taken away included. */
  readonly version: number
  /** Has `state`, and what else whoever writes it needs. */
  readonly body: { readonly [name: string]: JsonValue } & { readonly state: StoreState }
}
/** `copying`: rows are missing. `moving`, `moved`: another store has them, or will. `backup`: it is kept to be restored. */
export type StoreState = 'copying' | 'moving' | 'moved' | 'backup'

/** Rows to write, with the mark that says so: both, or neither. */
export interface WriteCopyCommand {
  /** The version of the mark that is there; null where there must be none. */
  readonly expected: number | null
  /** What it is from now on; null takes it away. */
  readonly mark: StoreMark['body'] | null
  /** Refuses a store that has a row in any copied table; what one has that was only ever opened does not count, and goes. */
  readonly onlyEmpty?: boolean
  /** Refuses a store of which a process said within so many seconds, by the store's time, that it lives. */
  readonly onlySilentForSeconds?: number
  /** Makes the table of a relation. */
  readonly makeTable?: Relation
  /** Rows of one table. None may be there, but for the one of `policy_state`, which is replaced. */
  readonly insert?: { readonly table: CopiedTable; readonly rows: readonly CopiedRow[] }
  /** The commit sequence goes on behind it; the store must be opened anew before anybody else writes to it. */
  readonly sequence?: number
}
/** What became of it. In all but the first, nothing was written. */
export type WriteCopyOutcome =
  | { readonly outcome: 'written'; readonly version: number | null }
  /** The mark is another one; null: there is none. */
  | { readonly outcome: 'conflict'; readonly version: number | null }
  | { readonly outcome: 'not-empty'; readonly table: string }
  | { readonly outcome: 'in-use'; readonly secondsAgo: number }

/** A store as a whole, to be copied from and into. */
export interface StoreCopying extends StoreRows {
  /** Why this store can never keep a text; null where it can. */
  textFault(text: string): string | null
  readMark(): Promise<StoreMark | null>
  write(command: WriteCopyCommand): Promise<WriteCopyOutcome>
  /** Lets all that is read be of one moment, however long it takes, while others write. */
  held<T>(use: (rows: StoreRows) => Promise<T>): Promise<T>
}
