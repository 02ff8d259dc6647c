import type { Sql } from 'sql-template-tag'
import type { Predicate } from '../../policy/predicate.ts'
import type { PredicateColumns } from './predicate-columns.ts'
import { PostgresPredicate } from './predicate-postgres.ts'
import { SqlitePredicate } from './predicate-sqlite.ts'

/**
 * A folded condition as a fragment of SQL: true, false and NULL where `evaluatePredicate` says true, false and null, and failing as it does.
 * Everything that came from outside is a parameter, but for the names of relations and their columns, which stand in quotes. On SQLite the
 * connection must have the function of `definePredicateFunction`. An `AssertionError` where context was not folded, or types do not fit.
 */
export function predicateSql(predicate: Predicate, columns: PredicateColumns): Sql {
  return (columns.dialect === 'postgres' ? new PostgresPredicate(columns) : new SqlitePredicate(columns)).condition(predicate)
}
