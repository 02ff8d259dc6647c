import type { BucketRequirement, Refusal } from '../commands.ts'
import { evaluateConditions } from '../../model/evaluate-conditions.ts'
import type { Versioning } from '../../model/bucket.ts'
import type { Conditions } from '../../model/conditions.ts'
import type { ObjectInfo } from '../../model/object.ts'
import { evaluatePredicate } from '../../policy/evaluate-predicate.ts'
import { objectPolicyRow } from '../../policy/predicate-row.ts'
import type { ObjectFacts, PolicyRow } from '../../policy/predicate-row.ts'
import type { Requirement } from '../../policy/policy.ts'
import type { Predicate } from '../../policy/predicate.ts'

/** Whether a row passes: only `true` does. The row is made only where the predicate looks at it. */
export function passes(predicate: Predicate, row: () => PolicyRow): boolean {
  if (predicate.k === 'lit') return predicate.v === true
  return evaluatePredicate(predicate, row()) === true
}

/** What a command finds before it changes anything: the policy's version, and the bucket as rows name it. */
export interface GuardFacts {
  readonly policyVersion: number
  /** Null where the bucket is gone. */
  readonly bucketName: string | null
  readonly versioning: Versioning
}

/** The refusals that come before any look at the key. */
export function refuseAtDoor(facts: GuardFacts, require: BucketRequirement): Refusal | null {
  if (facts.bucketName === null) return { outcome: 'bucket-gone' }
  if (facts.policyVersion !== require.policyVersion) return { outcome: 'policy-changed', policyVersion: facts.policyVersion }
  if (require.versioning !== undefined && require.versioning !== facts.versioning) return { outcome: 'bucket-changed' }
  return null
}

/** What a command would do, as its requirement and its conditions see it. */
export interface Guarded {
  readonly bucketName: string
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
export function refuse(command: Guarded): Refusal | null {
  const { bucketName, require, proposed, existing } = command
  if (proposed !== null && !passes(require.proposed, () => objectPolicyRow(bucketName, proposed))) return FORBIDDEN
  if (!command.touched.every((row) => passes(require.existing, () => objectPolicyRow(bucketName, row)))) {
    if (require.deniedExisting === 'forbidden') return FORBIDDEN
    // Looks like an absent key, to If-Match too.
    return refuseByConditions(command.conditions, null, require) ?? { outcome: 'denied', looks: 'absent' }
  }
  const failed = refuseByConditions(command.conditions, existing, require)
  if (failed !== null) return failed
  const locked = command.destroyed.find((row) => isProtected(row, command))
  if (locked !== undefined) return { outcome: 'locked', versionId: locked.versionId }
  return null
}

/** Holds the row that would be written against the requirement, as one that is new or one that replaces `existing`. */
export function refuseFinal(
  { require, bucketName, existing }: Pick<Guarded, 'require' | 'bucketName' | 'existing'>,
  final: ObjectFacts,
): Refusal | null {
  const predicate = existing === null ? require.finalCreated : require.finalReplaced
  return passes(predicate, () => objectPolicyRow(bucketName, final)) ? null : FORBIDDEN
}

const FORBIDDEN: Refusal = { outcome: 'denied', looks: 'forbidden' }

/** Who must not learn of absence does not learn it from If-Match. */
function refuseByConditions(conditions: Conditions, existing: ObjectInfo | null, require: Requirement): Refusal | null {
  const failed = evaluateConditions(conditions, existing)
  if (failed === null) return null
  if (failed !== 'absent') return { outcome: 'precondition', condition: failed }
  return require.whenAbsent === 'forbidden' ? FORBIDDEN : { outcome: 'absent' }
}

function isProtected(row: ObjectInfo, { bypass, bucketName, now }: Guarded): boolean {
  if (row.legalHold) return true
  if (row.retention === null || row.retention.until.getTime() <= now) return false
  if (row.retention.mode === 'compliance' || bypass === null) return true
  return !passes(bypass, () => objectPolicyRow(bucketName, row))
}

/** An object before its bytes were measured. */
export function asProposed(facts: ObjectFacts): ObjectFacts {
  return { ...facts, size: null, etag: null }
}
