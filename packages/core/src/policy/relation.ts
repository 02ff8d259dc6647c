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
}

/** A column of a relation. */
export interface RelationColumn {
  readonly type: RelationColumnType
  readonly nullable: boolean
}
