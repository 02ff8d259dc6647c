import type { Relation, RelationRow } from '../policy/relation.ts'
import type { DocumentId } from './documents.ts'

/*
 * Relations that the engine keeps: each a table, with typed columns, beside the document that describes it. The store makes tables and
 * keeps rows; what the documents say is the business of those who write them.
 */

/** The bounds of rows. What is beyond is refused with `LimitExceeded`. */
export const RELATION_ROW_LIMITS = {
  /** Rows that one command puts, and rows that it deletes. */
  rowsMax: 1000,
  /** Of a text, in UTF-8 bytes. */
  textBytesMax: 2000,
  /** Of the texts of one row in the columns of the key, or of one index, together: Postgres indexes no more. */
  indexedBytesMax: 2000,
  /** Rows on one page of a listing. */
  listLimitMax: 1000,
} as const

/**
 * What becomes of the table of a relation: made where there was none, gone where there is none any more, otherwise changed. Both have the
 * same name and are kept by the engine. Columns that stay keep their type, and the key is the same; columns that come are nullable.
 */
export interface RelationTableChange {
  readonly before: Relation | null
  readonly after: Relation | null
}

/** The document that describes a relation, as whoever knows its columns has read it. */
export interface RelationDocument extends DocumentId {
  readonly version: number
}

/** Puts and deletes rows of one relation, all of it or nothing. What is decided by them is decided by them at once; no policy version is raised. */
export interface ChangeRelationRowsCommand {
  readonly relation: Relation
  readonly document: RelationDocument
  /** Each takes the place of the one with the same key. No key twice. */
  readonly put: readonly RelationRow[]
  /** Deleted before: the columns of the key. What is not there is fine. */
  readonly delete: readonly RelationRow[]
}
/** `relation-changed`: the document is another one by now, and nothing was written. */
export type ChangeRelationRowsOutcome = { readonly outcome: 'written' } | { readonly outcome: 'relation-changed' }

/** A page of the rows of a relation. */
export interface ListRelationRowsQuery {
  readonly relation: Relation
  readonly document: RelationDocument
  /** Rows behind the one with this key; null begins. */
  readonly after: RelationRow | null
  /** At least 1. */
  readonly limit: number
}
/** In the order of their keys, texts by their bytes. `next` is the key to go on behind; null on the last page. */
export type ListRelationRowsPage =
  | { readonly outcome: 'listed'; readonly rows: readonly RelationRow[]; readonly next: RelationRow | null }
  | { readonly outcome: 'relation-changed' }

/** Why policies cannot look into a table as a relation describes it. */
export interface RelationTableFault {
  /** Null where it is about the table. */
  readonly column: string | null
  readonly reason: string
}
