import { evaluatePredicate } from './evaluate-predicate.ts'
import { rowValue } from './evaluate-row.ts'
import { refoldPredicate, written } from './fold-predicate.ts'
import type { BucketRowFacts, PolicyRow } from './predicate-row.ts'
import { namesRelations, predicateType, withParts } from './predicate-type.ts'
import type { Predicate } from './predicate.ts'

/** Puts the values of a row into a condition and reckons as far as they reach: what is left is about relations, or fails. */
export function foldRow(predicate: Predicate, row: PolicyRow): Predicate {
  return refoldPredicate(withRow(predicate, row))
}

/**
 * Whether the row may pass, for all that can be told without a database: false is certain. Throws `PolicyFailed` where the row makes the
 * condition fail.
 */
export function mayPass(predicate: Predicate, row: PolicyRow): boolean {
  if (!namesRelations(predicate)) return evaluatePredicate(predicate, row) === true
  const folded = foldRow(predicate, row)
  return folded.k !== 'lit' || folded.v === true
}

/** Puts what is known of the bucket into a condition over its objects: what speaks of other buckets falls away. */
export function foldBucket(predicate: Predicate, bucket: BucketRowFacts): Predicate {
  return refoldPredicate(withColumns(predicate, { bucket_id: bucket.name, account: bucket.account, public: bucket.public }))
}

function withColumns(node: Predicate, known: PolicyRow): Predicate {
  if (node.k !== 'col') return withParts(node, (part) => withColumns(part, known))
  return Object.hasOwn(known, node.n) ? (written(rowValue(node.n, known), predicateType(node)) ?? node) : node
}

function withRow(node: Predicate, row: PolicyRow): Predicate {
  if (node.k !== 'col') return withParts(node, (part) => withRow(part, row))
  const value = rowValue(node.n, row)
  const known = written(value, predicateType(node))
  if (known !== null) return known
  // What is left are lists: one that is too long to be written out is a key apart, and one that is not there is nothing apart.
  return { k: 'call', f: 'string_to_array', a: [(Array.isArray(value) ? written(rowValue('name', row), 'text') : null) ?? NO_TEXT, SLASH] }
}

const NO_TEXT: Predicate = { k: 'lit', t: 'text', v: null }
const SLASH: Predicate = { k: 'lit', t: 'text', v: '/' }
