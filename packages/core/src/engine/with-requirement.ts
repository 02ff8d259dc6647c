import type { BucketRequirement, Refusal } from '../metadata/commands.ts'
import type { BucketAddress, BucketInfo } from '../model/bucket.ts'
import type { Requirement } from '../policy/policy.ts'
import { authorise } from './authorise.ts'
import type { Question } from './authorise.ts'
import type { EngineContext, SessionContext } from './context.ts'
import { refusalError } from './refusal-error.ts'
import { ReservationLost } from './reservation-lost.ts'
import { DEFAULT_JURISDICTION, readBucket, resolveBucket } from './resolve-bucket.ts'

/** A question inside one bucket. */
export interface BucketQuestion extends Question {
  readonly address: BucketAddress
}

/** What a command stands on: the bucket it found, and what the policy answered about it. Both may be out of date: the store says so. */
export interface Grounds {
  readonly bucket: BucketInfo
  readonly require: BucketRequirement
}

/** Finds the bucket and asks the policy. Throws `BucketNotFound` or `AccessDenied`; called before a body is read. */
export async function findGrounds(session: SessionContext, question: BucketQuestion): Promise<Grounds> {
  const bucket = await resolveBucket(session.engine, question.address)
  return groundsOf(bucket, await authorise(session, question, bucket))
}

/** What the policy answered about a bucket holds under the versioning that it was told of. */
export function groundsOf(bucket: BucketInfo, answer: Requirement): Grounds {
  return { bucket, require: { ...answer, versioning: bucket.versioning } }
}

/** How `withRequirement` commits. */
export interface RequiredCommit<O> {
  /** Runs the command, once for each attempt: it must build it from the grounds given, and read again what it shares. */
  readonly commit: (grounds: Grounds) => Promise<O | Refusal>
  /** From `findGrounds`, where the caller has asked already. */
  readonly grounds?: Grounds
}

/**
 * Runs a command under the policy's answer, and again with fresh grounds where the store says that the policy changed,
 * that the bucket is another one or has another versioning, or that a shared blob is gone, up to `limits.commitRetriesMax` times: then `Conflict`.
 * Every other refusal becomes its error; what remains is done.
 */
export async function withRequirement<O extends { readonly outcome: string }>(
  session: SessionContext,
  question: BucketQuestion,
  options: RequiredCommit<O>,
): Promise<O> {
  const { engine } = session
  let grounds = options.grounds ?? (await findGrounds(session, question))
  for (let attempt = 0; ; attempt += 1) {
    const outcome = await options.commit(grounds)
    if (!isRefusal(outcome)) return outcome
    prepareRetry(engine, question, outcome)
    if (attempt === engine.limits.commitRetriesMax) throw refusalError(outcome, question)
    grounds = await findGrounds(session, question)
  }
}

/** Learns from a refusal what the next attempt must know; throws its error where another attempt would change nothing. */
export function prepareRetry(engine: EngineContext, question: BucketQuestion, refusal: Refusal): void {
  switch (refusal.outcome) {
    case 'policy-changed':
      engine.policyVersion.heard(refusal.policyVersion)
      break
    case 'bucket-gone':
    case 'bucket-changed':
      engine.buckets.forget(question.address.jurisdiction ?? DEFAULT_JURISDICTION, question.address.name)
      break
    case 'blob-gone':
      if (!refusal.fresh) break
      // The other names that we have in stock went with it.
      engine.reservations.forgetUnused()
      throw new ReservationLost()
    default:
      throw refusalError(refusal, question)
  }
  engine.observer.event('commit.retried', { action: question.action, because: refusal.outcome })
}

const REFUSALS: Readonly<Record<Refusal['outcome'], true>> = {
  'bucket-gone': true,
  'bucket-changed': true,
  'policy-changed': true,
  denied: true,
  precondition: true,
  absent: true,
  'blob-gone': true,
  locked: true,
}

/** Whether an outcome says that nothing was changed. */
export function isRefusal(outcome: { readonly outcome: string }): outcome is Refusal {
  return Object.hasOwn(REFUSALS, outcome.outcome)
}

/** How `readUnderRequirement` reads. */
export interface RequiredRead<R> {
  readonly read: (grounds: Grounds) => Promise<R>
  /** Whether the result may only mean that the bucket is another one. */
  readonly isNothing: (result: R) => boolean
}

/** Reads under the policy's answer. Where it finds nothing in a bucket that was only remembered, it looks for the bucket again, once. */
export async function readUnderRequirement<R>(session: SessionContext, question: BucketQuestion, options: RequiredRead<R>): Promise<R> {
  const { engine } = session
  const { address } = question
  const remembered = engine.buckets.get(address.jurisdiction ?? DEFAULT_JURISDICTION, address.name)
  const bucket = remembered ?? (await readBucket(engine, address))
  const result = await options.read(groundsOf(bucket, await authorise(session, question, bucket)))
  if (remembered === undefined || !options.isNothing(result)) return result
  const now = await readBucket(engine, address)
  if (now.id === bucket.id) return result
  return options.read(groundsOf(now, await authorise(session, question, now)))
}
