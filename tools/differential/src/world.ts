import type { PredicateContext } from '../../../packages/core/src/policy/fold-predicate.ts'
import type { PolicyRow } from '../../../packages/core/src/policy/predicate-row.ts'
import type { RelationRows } from '../../../packages/core/src/policy/evaluate-predicate.ts'
import type { PolicyTable, RowPolicy } from '../../../packages/core/src/policy/row-policy.ts'

/** A row as our store keeps it, and as a policy sees it. */
export interface WorldRow {
  /** Among the rows of its world. */
  readonly id: number
  readonly row: PolicyRow
  /** The columns of `objects` or `buckets` in our store. */
  readonly stored: Readonly<Record<string, string | number | null>>
}

/** Who asks, and how. */
export interface Principal {
  /** The role that acts in Postgres. */
  readonly role: string
  /** It and what it inherits. */
  readonly roles: ReadonlySet<string>
  readonly bypassRls: boolean
  readonly context: PredicateContext
}

/** The statements that are judged. */
export type Shape =
  | 'select'
  | 'list'
  | 'insert'
  | 'insert-returning'
  | 'do-nothing'
  | 'do-nothing-target'
  | 'upsert'
  | 'update'
  | 'delete'
  | 'copy'
  | 'copy-upsert'

/** One question: may this principal do this to these rows? */
export interface Case {
  readonly shape: Shape
  /** The row that is there: what is read, moved, deleted or copied. Null of a listing and of an insert. */
  readonly old: WorldRow | null
  /** The row as it would be. Null where nothing is written. */
  readonly proposed: WorldRow | null
  /** The row that is there already under the key of the proposed one. */
  readonly taken: WorldRow | null
}

/** Everything that one round of decisions is about. */
export interface World {
  readonly table: PolicyTable
  readonly existing: readonly WorldRow[]
  readonly proposals: readonly WorldRow[]
  readonly relations: RelationRows
}

/** The policies of a round. */
export interface PolicyRound {
  readonly policies: readonly RowPolicy[]
  /** The kind of node that the round was made for; null: none in particular. */
  readonly kind: string | null
}
