import { StorageError } from '../errors/storage-error.ts'
import type { DeleteKey, DeleteOutcome } from '../metadata/commands.ts'
import type { BucketInfo } from '../model/bucket.ts'
import type { Conditions } from '../model/conditions.ts'
import { actingAccount } from '../policy/caller-context.ts'
import { isSystemPrincipal } from '../policy/system-principal.ts'
import type { Requirement } from '../policy/policy.ts'
import { ALWAYS, NEVER } from '../policy/predicate.ts'
import type { Predicate } from '../policy/predicate.ts'
import { authorise, ownerOf } from './authorise.ts'
import type { SessionContext } from './context.ts'
import type { DeletedObject, DeleteObjectInput, DeleteObjectsInput, DeleteResult } from './inputs.ts'
import { objectQuestion } from './object-question.ts'
import { reportPolicyFault } from './policy-fault.ts'
import { refusalError } from './refusal-error.ts'
import { resolveBucket } from './resolve-bucket.ts'
import { groundsOf, isRefusal, prepareRetry } from './with-requirement.ts'
import type { BucketQuestion } from './with-requirement.ts'

const NO_CONDITIONS: Conditions = Object.freeze({})

/** One key on its way, and what came of it so far. */
interface Deletion {
  readonly question: BucketQuestion
  readonly conditions: Conditions
  result: DeletedObject | Error | null
}

/** Deletes a key, or one version of it. What is not there counts as deleted. */
export async function deleteObject(session: SessionContext, input: DeleteObjectInput): Promise<DeletedObject> {
  const question = objectQuestion(session, { operation: 'DeleteObject', action: 'object.delete' }, input)
  const deletion: Deletion = { question, conditions: input.conditions ?? NO_CONDITIONS, result: null }
  await deleteAll(session, input, [deletion])
  if (deletion.result === null || deletion.result instanceof Error) throw deletion.result ?? new Error('a deletion without a result')
  return deletion.result
}

/** Deletes many keys, each on its own terms: what goes wrong with one is in its result. */
export async function deleteObjects(session: SessionContext, input: DeleteObjectsInput): Promise<readonly DeleteResult[]> {
  const { deleteObjectsMax } = session.engine.limits
  if (input.objects.length > deleteObjectsMax) throw new StorageError('LimitExceeded', { limit: 'deleteObjectsMax', max: deleteObjectsMax })
  const deletions = input.objects.map((object) => begin(session, input, object))
  await deleteAll(
    session,
    input,
    deletions.filter((deletion): deletion is Deletion => !(deletion instanceof Error)),
  )
  return input.objects.map(({ key, versionId }, index): DeleteResult => {
    const deletion = deletions[index]
    const result = deletion instanceof Error ? deletion : (deletion?.result ?? new Error('a deletion without a result'))
    const requested = { key, requestedVersionId: versionId ?? null }
    return result instanceof Error ? { ...requested, deleted: null, error: result } : { ...requested, deleted: result, error: null }
  })
}

function begin(session: SessionContext, input: DeleteObjectsInput, object: DeleteObjectsInput['objects'][number]): Deletion | Error {
  try {
    const parts = { operation: 'DeleteObjects', action: 'object.delete' } as const
    const question = objectQuestion(session, parts, { ...object, bucket: input.bucket })
    return { question, conditions: object.conditions ?? NO_CONDITIONS, result: null }
  } catch (error) {
    return asError(error)
  }
}

type DeleteInput = Pick<DeleteObjectsInput, 'bucket' | 'bypassGovernance' | 'signal'>

/** Gives every deletion its result; rejects only where the store failed, or the bucket is not there. */
async function deleteAll(session: SessionContext, input: DeleteInput, deletions: readonly Deletion[]): Promise<void> {
  const { engine } = session
  input.signal?.throwIfAborted()
  for (let attempt = 0; ; attempt += 1) {
    const bucket = await resolveBucket(engine, input.bucket)
    const keys = await authoriseAll(session, { bucket, deletions, bypass: bypassOf(session, input, bucket) })
    const waiting = deletions.filter((deletion) => deletion.result === null)
    if (waiting.length === 0) return
    const outcomes = await engine.metadata.deleteObjects({ bucketId: bucket.id, at: engine.clock(), keys })
    const isLast = attempt === engine.limits.commitRetriesMax
    for (const [index, deletion] of waiting.entries()) {
      const outcome = outcomes[index]
      if (outcome !== undefined) deletion.result = settle(session, { deletion, outcome, isLast })
    }
  }
}

async function authoriseAll(
  session: SessionContext,
  {
    bucket,
    deletions,
    bypass,
  }: { readonly bucket: BucketInfo; readonly deletions: readonly Deletion[]; readonly bypass: Predicate | null },
): Promise<readonly DeleteKey[]> {
  const keys: DeleteKey[] = []
  const ownerId = ownerOf(session.caller)
  for (const deletion of deletions) {
    if (deletion.result !== null) continue
    const { key, versionId } = deletion.question
    try {
      const { require } = groundsOf(bucket, refusedOpenly(await authorise(session, deletion.question, bucket), bucket))
      keys.push({
        key: key ?? '',
        ...(versionId === null ? {} : { versionId }),
        markerVersionId: session.engine.ids.uuid(),
        bypassGovernance: bypass,
        ownerId,
        conditions: deletion.conditions,
        require,
      })
    } catch (error) {
      deletion.result = asError(error)
    }
  }
  return keys
}

/** In a versioned bucket, deleting what is not there leaves a marker: a refusal cannot look like that. */
function refusedOpenly(require: Requirement, { versioning }: BucketInfo): Requirement {
  return versioning === 'off' || require.deniedExisting === 'forbidden' ? require : { ...require, deniedExisting: 'forbidden' }
}

/**
 * Whether governance retention may be bypassed where the caller asks for it. There is no action for that right yet, so
 * only the account that owns the bucket has it, and the operator.
 */
function bypassOf({ caller, engine }: SessionContext, input: DeleteInput, bucket: BucketInfo): Predicate | null {
  if (input.bypassGovernance !== true) return null
  return isSystemPrincipal(caller.principal) || actingAccount(caller, engine.policy) === bucket.account ? ALWAYS : NEVER
}

interface Settlement {
  readonly deletion: Deletion
  readonly outcome: DeleteOutcome
  readonly isLast: boolean
}

/** What an outcome is to the caller; null where the key must be tried again. */
function settle(session: SessionContext, { deletion, outcome, isLast }: Settlement): Deletion['result'] {
  const { question } = deletion
  if (outcome.outcome === 'fault') {
    reportPolicyFault(session, outcome.error)
    return outcome.error
  }
  if (outcome.outcome === 'marked') return { versionId: outcome.versionId, deleteMarker: true }
  if (!isRefusal(outcome)) return { versionId: outcome.versionId, deleteMarker: outcome.deleteMarker }
  if (outcome.outcome === 'denied' && outcome.looks === 'absent') {
    // As if nothing were there: deleting that succeeds.
    return { versionId: question.versionId, deleteMarker: false }
  }
  try {
    prepareRetry(session.engine, question, outcome)
    return isLast ? refusalError(outcome, question) : null
  } catch (error) {
    return asError(error)
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error('something that is no error was thrown', { cause: error })
}
