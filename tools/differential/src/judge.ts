import type { Predicate } from '../../../packages/core/src/policy/predicate.ts'
import type { World, WorldRow } from './world.ts'

/** What a condition says of a row: true, false, unknown, or that it failed. */
export type Truth = true | false | null | 'failed'

/** The ways in which our conditions are evaluated. */
export type StoreName = 'js' | 'sqlite' | 'postgres'
/** Those, and the condition as `createPolicySql` writes it, in a Postgres that knows nothing of us. */
export type OracleName = StoreName | 'written'

/** One of them. */
export interface Judge {
  readonly name: StoreName
  fill(world: World): Promise<void>
  /** What a folded condition says of each row. */
  evaluate(predicate: Predicate, rows: readonly WorldRow[]): Promise<readonly Truth[]>
  close(): Promise<void>
}
