import { isStorageError, StorageError } from '../errors/storage-error.ts'
import type { BucketAddress } from '../model/bucket.ts'
import { callerContext } from '../policy/caller-context.ts'
import type { Caller, GrantPrincipal } from '../policy/caller.ts'
import { foldPredicate } from '../policy/fold-predicate.ts'
import type { Action, OperationName } from '../policy/operation.ts'
import type { Access, BucketFacts, Facts, ListingFacts, RequestFacts, Requirement } from '../policy/policy.ts'
import type { Predicate } from '../policy/predicate.ts'
import { unconditional } from '../policy/requirement.ts'
import { isSystemPrincipal } from '../policy/system-principal.ts'
import { isWithinScope } from './check-scope.ts'
import type { SessionContext } from './context.ts'

/** What a call wants to do, and where: the part of the policy's question that the call knows before it has found its bucket. */
export interface Question {
  /** What the request is unless the door said otherwise. */
  readonly operation: OperationName
  readonly action: Action
  readonly side: 'source' | 'target'
  /** Of a write: whether it may replace what is there. Null for anything else. */
  readonly overwrite: 'never' | 'allowed' | null
  /** Null where no one bucket is meant. */
  readonly address: BucketAddress | null
  readonly key: string | null
  readonly versionId: string | null
  /** Of a listing inside a bucket. */
  readonly listing?: ListingFacts
}

const NO_FACTS: Facts = new Map()

/**
 * Asks the policy, after the ceiling of the caller's credential. The answer is data, with the constants of the request
 * filled in; the store holds it against rows. Throws `AccessDenied` where there is nothing to hold it against: the
 * credential does not reach this far, the policy failed, or it refuses every row that could be written.
 */
export function authorise(session: SessionContext, question: Question, bucket: BucketFacts | null): Requirement | Promise<Requirement> {
  const { engine, caller, request } = session
  const operation = request.operation ?? question.operation
  const at = request.at ?? engine.clock()
  const facts = request.facts ?? NO_FACTS
  if (!isWithinScope(caller, question, { operation, at, facts })) throw accessDenied(question)
  const policyVersion = engine.policyVersion.current
  if (caller.principal.kind === 'system') {
    if (!isSystemPrincipal(caller.principal)) throw accessDenied(question)
    return unconditional(policyVersion)
  }
  const asked: AskedRequest = { question, request: { operation, at, facts } }
  try {
    const answer = engine.policy.require(accessOf({ session, question, bucket, request: asked.request }))
    return answer instanceof Promise ? finishLater(answer, session, asked) : finish(answer, session, asked)
  } catch (error) {
    throw refusalByFault(error, session, question)
  }
}

/** What a question is made into for the policy. */
interface AccessParts {
  readonly session: SessionContext
  readonly question: Question
  readonly bucket: BucketFacts | null
  readonly request: Access['request']
}

/** The question as the policy gets it. */
export function accessOf({ session, question, bucket, request }: AccessParts): Access {
  const { action, overwrite, side, key, versionId, listing = null } = question
  const { caller, engine } = session
  return { caller, action, request, overwrite, side, bucket, key, versionId, listing, policyVersion: engine.policyVersion.current }
}

/** A question, and the request that it was asked for: what its answer's constants are taken from. */
interface AskedRequest {
  readonly question: Question
  readonly request: RequestFacts
}

async function finishLater(answer: Promise<Requirement>, session: SessionContext, asked: AskedRequest): Promise<Requirement> {
  try {
    return finish(await answer, session, asked)
  } catch (error) {
    throw refusalByFault(error, session, asked.question)
  }
}

/** A policy that throws has refused, and is broken: the caller hears the first, the observer the second. One whose store is away has not. */
function refusalByFault(error: unknown, session: SessionContext, question: Question): unknown {
  if (isStorageError(error) && (error.code === 'AccessDenied' || error.code === 'StoreUnavailable')) return error
  session.engine.observer.event('policy.failed', { action: question.action, error })
  return new StorageError('AccessDenied', { action: question.action }, { cause: error })
}

function finish(requirement: Requirement, session: SessionContext, { question, request }: AskedRequest): Requirement {
  const folded = foldRequirement(requirement, session, request)
  // Whatever the body holds, no row can pass: say so before it is sent.
  const hopeless = question.action === 'object.write' || question.action === 'bucket.create'
  if (hopeless && (isNever(folded.proposed) || (isNever(folded.finalCreated) && isNever(folded.finalReplaced))))
    throw accessDenied(question)
  return folded
}

/** Puts the constants of the request into a policy's answer. */
export function foldRequirement(requirement: Requirement, session: SessionContext, request: RequestFacts): Requirement {
  const { existing, proposed, finalCreated, finalReplaced } = requirement
  if (existing.k === 'lit' && proposed.k === 'lit' && finalCreated.k === 'lit' && finalReplaced.k === 'lit') return requirement
  const values = callerContext(session.caller, request)
  return {
    ...requirement,
    existing: foldPredicate(existing, values),
    proposed: foldPredicate(proposed, values),
    finalCreated: foldPredicate(finalCreated, values),
    finalReplaced: foldPredicate(finalReplaced, values),
  }
}

function frozenText(grant: GrantPrincipal, name: string): string | null {
  const value = grant.frozen[name]
  return typeof value === 'string' ? value : null
}

/** Whether a predicate is the plain literal that no row passes. */
export function isNever(predicate: Predicate): boolean {
  return predicate.k === 'lit' && predicate.v !== true
}

/** The error of a refused question. Says which action was refused, never why. */
export function accessDenied(question: Pick<Question, 'action'>): StorageError<'AccessDenied'> {
  return new StorageError('AccessDenied', { action: question.action })
}

/** Whose user the owner is of what this caller makes; null where that is an account itself, or nobody. Users of no account are ''s. */
export function ownerAccountOf(caller: Caller): string | null {
  const { principal, account } = caller
  const isUser = principal.kind === 'role' || (principal.kind === 'grant' && frozenText(principal, 'sub') !== null)
  return isUser ? (account ?? '') : null
}

/** Who a new object belongs to: the `sub` of a role or of the context a URL was signed in, otherwise the account. */
export function ownerOf(caller: Caller): string | null {
  const { principal } = caller
  if (principal.kind === 'role') return principal.sub ?? caller.account
  if (principal.kind === 'grant') return frozenText(principal, 'sub') ?? caller.account
  return caller.account
}
