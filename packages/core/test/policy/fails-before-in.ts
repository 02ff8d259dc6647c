import { isStorageError } from '../../src/errors/storage-error.ts'
import { evaluateWithin } from '../../src/policy/evaluate-predicate.ts'
import type { PolicyRow } from '../../src/policy/predicate-row.ts'
import type { Predicate } from '../../src/policy/predicate.ts'
import { RELATION_ROWS } from './relation-samples.ts'

/**
 * Whether the left side of an IN over a relation fails by itself. Where the relation shows no rows it need not be looked at, and whether it
 * is, each database may choose: what fails is a refusal.
 */
export function failsBeforeIn(node: unknown, row: PolicyRow): boolean {
  if (typeof node !== 'object' || node === null) return false
  // What names columns of a relation around it has no value here.
  if ('k' in node && node.k === 'insub' && 'a' in node && !JSON.stringify(node.a).includes('"rcol"')) {
    if (fails({ k: 'isnull', a: node.a as Predicate, neg: false }, row)) return true
  }
  return Object.values(node).some((inner) => failsBeforeIn(inner, row))
}

function fails(predicate: Predicate, row: PolicyRow): boolean {
  try {
    evaluateWithin(predicate, { row, relations: RELATION_ROWS })
    return false
  } catch (error) {
    if (isStorageError(error) && error.code === 'PolicyFailed') return true
    throw error
  }
}
