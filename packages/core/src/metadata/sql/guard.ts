import type { BucketRequirement, Refusal } from '../commands.ts'
import { isStorageError } from '../../errors/storage-error.ts'
import type { RowCondition, Verdict } from '../queries.ts'
import { evaluateConditions } from '../../model/evaluate-conditions.ts'
import type { Versioning } from '../../model/bucket.ts'
import type { Conditions } from '../../model/conditions.ts'
import type { ObjectInfo } from '../../model/object.ts'
import { evaluatePredicate } from '../../policy/evaluate-predicate.ts'
import { objectPolicyRow } from '../../policy/predicate-row.ts'
import type { BucketRowFacts, ObjectFacts, PolicyRow } from '../../policy/predicate-row.ts'
import { namesRelations } from '../../policy/predicate-type.ts'
import type { Requirement } from '../../policy/policy.ts'
import type { Predicate } from '../../policy/predicate.ts'
import { resolveRelations } from './resolve-relations.ts'
import type { SqlContext, SqlProgram } from './sql-driver.ts'

/**
 * Whether a row passes: only `true` does. The row is made only where the predicate looks at it, and the database is asked only about
 * relations. Throws `PolicyFailed` where the row makes the predicate fail.
 */
export function* passes(context: Pick<SqlContext, 'dialect'>, predicate: Predicate, row: () => PolicyRow): SqlProgram<boolean> {
  if (predicate.k === 'lit') return predicate.v === true
  return (yield* truthOf(context, predicate, row())) === true
}

function* truthOf(context: Pick<SqlContext, 'dialect'>, predicate: Predicate, row: PolicyRow): SqlProgram<boolean | null> {
  const open = namesRelations(predicate) ? yield* resolveRelations(context, predicate, row) : predicate
  return evaluatePredicate(open, row)
}

/** What commits would find each condition to be, over the row beside it: for explanations. */
export function* judge(context: Pick<SqlContext, 'dialect'>, conditions: readonly RowCondition[]): SqlProgram<readonly Verdict[]> {
  const verdicts: Verdict[] = []
  for (const { predicate, row } of conditions) {
    try {
      verdicts.push(yield* truthOf(context, predicate, row))
    } catch (error) {
      if (!isStorageError(error) || error.code !== 'PolicyFailed') throw error
      verdicts.push({ failed: error.details.reason })
    }
  }
  return verdicts
}

/** What a command finds before it changes anything: the policy's version, and the bucket as rows tell of it. */
export interface GuardFacts {
  readonly policyVersion: number
  /** Null where the bucket is gone. */
  readonly bucket: BucketRowFacts | null
  readonly versioning: Versioning
}

/** The refusals that come before any look at the key. */
export function refuseAtDoor(facts: GuardFacts, require: BucketRequirement): Refusal | null {
  if (facts.bucket === null) return { outcome: 'bucket-gone' }
  if (facts.policyVersion !== require.policyVersion) return { outcome: 'policy-changed', policyVersion: facts.policyVersion }
  if (require.versioning !== undefined && require.versioning !== facts.versioning) return { outcome: 'bucket-changed' }
  return null
}

/** What a command would do, as its requirement and its conditions see it. */
export interface Guarded {
  readonly bucket: BucketRowFacts
  readonly require: Requirement
  readonly conditions: Conditions
  /** The row as the caller proposes it; null where the command writes none. */
  readonly proposed: ObjectFacts | null
  /** The live row at the key, or the version that the command names: what conditions speak of. */
  readonly existing: ObjectInfo | null
  /** Every row that is replaced, hidden or destroyed. */
  readonly touched: readonly ObjectInfo[]
  /** The rows among them that would be gone for good. */
  readonly destroyed: readonly ObjectInfo[]
  /** Whether governance retention of this row may be passed over. */
  readonly bypass: Predicate | null
  /** The store's time, in milliseconds. */
  readonly now: number
}

/** Holds the command against its rows: `proposed`, `existing`, conditions and locks, in this order. */
export function* refuse(context: SqlContext, command: Guarded): SqlProgram<Refusal | null> {
  const { bucket, require, proposed, existing } = command
  if (proposed !== null && !(yield* passes(context, require.proposed, () => objectPolicyRow(bucket, proposed)))) return FORBIDDEN
  for (const row of command.touched) {
    if (yield* passes(context, require.existing, () => objectPolicyRow(bucket, row))) continue
    if (require.deniedExisting === 'forbidden') return FORBIDDEN
    // Looks like an absent key, to If-Match too.
    return refuseByConditions(command.conditions, null, require) ?? { outcome: 'denied', looks: 'absent' }
  }
  const failed = refuseByConditions(command.conditions, existing, require)
  if (failed !== null) return failed
  for (const row of command.destroyed) if (yield* isProtected(context, row, command)) return { outcome: 'locked', versionId: row.versionId }
  return null
}

/** Holds the row that would be written against the requirement, as one that is new or one that replaces `existing`. */
export function* refuseFinal(
  context: SqlContext,
  { require, bucket, existing }: Pick<Guarded, 'require' | 'bucket' | 'existing'>,
  final: ObjectFacts,
): SqlProgram<Refusal | null> {
  const predicate = existing === null ? require.finalCreated : require.finalReplaced
  return (yield* passes(context, predicate, () => objectPolicyRow(bucket, final))) ? null : FORBIDDEN
}

const FORBIDDEN: Refusal = { outcome: 'denied', looks: 'forbidden' }

/** Who must not learn of absence does not learn it from If-Match. */
function refuseByConditions(conditions: Conditions, existing: ObjectInfo | null, require: Requirement): Refusal | null {
  const failed = evaluateConditions(conditions, existing)
  if (failed === null) return null
  if (failed !== 'absent') return { outcome: 'precondition', condition: failed }
  return require.whenAbsent === 'forbidden' ? FORBIDDEN : { outcome: 'absent' }
}

function* isProtected(context: SqlContext, row: ObjectInfo, { bypass, bucket, now }: Guarded): SqlProgram<boolean> {
  if (row.legalHold) return true
  if (row.retention === null || row.retention.until.getTime() <= now) return false
  if (row.retention.mode === 'compliance' || bypass === null) return true
  return !(yield* passes(context, bypass, () => objectPolicyRow(bucket, row)))
}

/** An object before its bytes were measured. */
export function asProposed(facts: ObjectFacts, declaredSize: number | null = null): ObjectFacts {
  return { ...facts, size: null, declaredSize, etag: null }
}
