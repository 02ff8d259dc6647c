import type { RelationColumnType, RelationKeeper } from './predicate.ts'

/**
 * A table that policies may look into by `exists` and `insub`: who is a member of what. Kept by the engine, or, on Postgres, a table of the
 * same database.
 */
export interface Relation {
  /** As policies name it: `team_members`, or with a schema, `public.team_members`. */
  readonly name: string
  readonly columns: Readonly<Record<string, RelationColumn>>
  /** Columns by which rows are found; the first few of one index serve too. At most 8 indexes of at most 8 columns. */
  readonly indexes: readonly (readonly string[])[]
  /** 'engine': rows come through the engine. 'postgres': a table that is there, read as it is, never written. */
  readonly kept: RelationKeeper
  /**
   * Of one that the engine keeps: the columns, 8 at most, that say together which row is meant: a row that is put takes the place of
   * the one with the same values in them. None may be null. Default: all columns. It is an index, too.
   */
  readonly key?: readonly string[]
}

/** A column of a relation. */
export interface RelationColumn {
  readonly type: RelationColumnType
  readonly nullable: boolean
}

/**
 * What stands in a column, as in a literal of that type: `bigint` as digits, `uuid` as text, `timestamptz` as milliseconds since 1970;
 * null where the column is nullable.
 */
export type RelationValue = boolean | number | string | null

/** A row of a relation by the names of its columns. A nullable column that is not named is null. */
export type RelationRow = Readonly<Record<string, RelationValue>>
