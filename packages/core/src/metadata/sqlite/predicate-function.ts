import type { Database } from 'better-sqlite3'
import { EVALUATE, PredicateEvaluation } from '../sql/predicate-evaluation.ts'
import type { SqlValue } from '../sql/sql-driver.ts'

/**
 * Gives a connection the function that evaluates what SQLite itself would evaluate otherwise than Postgres. Not deterministic, so that
 * SQLite calls it for a row only when it gets there: what it throws must not be thrown for a row that another condition keeps away.
 */
export function definePredicateFunction(database: Database): void {
  const evaluation = new PredicateEvaluation()
  database.function(EVALUATE, { varargs: true, directOnly: true, deterministic: false }, (descriptor: unknown, ...values: unknown[]) =>
    // Arguments of a call that this store wrote: each is what a column holds.
    evaluation.evaluate(descriptor as SqlValue, values as SqlValue[]),
  )
}
