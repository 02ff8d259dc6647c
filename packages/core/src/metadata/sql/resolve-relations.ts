import sql from 'sql-template-tag'
import { foldRow } from '../../policy/fold-row.ts'
import { refoldPredicate } from '../../policy/fold-predicate.ts'
import type { PolicyRow } from '../../policy/predicate-row.ts'
import { predicateParts, withParts } from '../../policy/predicate-type.ts'
import type { Predicate } from '../../policy/predicate.ts'
import { noColumnsOf } from './predicate-columns.ts'
import { predicateSql } from './predicate-sql.ts'
import type { SqlContext, SqlProgram } from './sql-driver.ts'

/**
 * Asks the database about the relations that a condition over this row looks into, as long as it is not decided without them: one
 * statement each, from left to right. What is left has no relations, and means the same for the row. A command asks after it holds the
 * locks of its key: rows of relations are read unlocked, as they are then.
 */
export function* resolveRelations({ dialect }: Pick<SqlContext, 'dialect'>, predicate: Predicate, row: PolicyRow): SqlProgram<Predicate> {
  let open = foldRow(predicate, row)
  for (;;) {
    const node = firstRelation(open)
    if (node === null) return open
    const [answer] = yield sql`SELECT CAST(${predicateSql(node, noColumnsOf(dialect))} AS integer)`
    const value = answer?.[0] ?? null
    open = refoldPredicate(replaced(open, node, { k: 'lit', t: 'bool', v: value === null ? null : value === 1 }))
  }
}

/** The first node that looks into a relation, not counting those inside of it. */
function firstRelation(node: Predicate): Predicate | null {
  if (node.k === 'exists' || node.k === 'insub') return node
  for (const part of predicateParts(node)) {
    const found = firstRelation(part)
    if (found !== null) return found
  }
  return null
}

function replaced(node: Predicate, former: Predicate, answer: Predicate): Predicate {
  return node === former ? answer : withParts(node, (part) => replaced(part, former, answer))
}
