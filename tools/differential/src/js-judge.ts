import { isStorageError } from '../../../packages/core/src/errors/storage-error.ts'
import { evaluateWithin, type RelationRows } from '../../../packages/core/src/policy/evaluate-predicate.ts'
import type { PolicyRow } from '../../../packages/core/src/policy/predicate-row.ts'
import type { Predicate } from '../../../packages/core/src/policy/predicate.ts'
import type { Judge, Truth } from './judge.ts'

/** What the evaluator says of a row. */
export function evaluateInJs(predicate: Predicate, row: PolicyRow, relations: RelationRows): Truth {
  try {
    return evaluateWithin(predicate, { row, relations })
  } catch (error) {
    if (isStorageError(error) && error.code === 'PolicyFailed') return 'failed'
    throw error
  }
}

/** The evaluator in JS. */
export function jsJudge(): Judge {
  let relations: RelationRows = {}
  return {
    name: 'js',
    fill: (world) => {
      relations = world.relations
      return Promise.resolve()
    },
    evaluate: (predicate, rows) => Promise.resolve(rows.map(({ row }) => evaluateInJs(predicate, row, relations))),
    close: () => Promise.resolve(),
  }
}
