import { StorageError } from '../errors/storage-error.ts'
import type { CreateBucketOutcome } from '../metadata/commands.ts'
import type { BucketInfo, Versioning } from '../model/bucket.ts'
import { authorise } from './authorise.ts'
import { checkBucketName } from './check-bucket-name.ts'
import type { SessionContext } from './context.ts'
import type { CreateBucketInput } from './inputs.ts'
import { bucketQuestion } from './object-question.ts'
import { refusalError } from './refusal-error.ts'
import { DEFAULT_JURISDICTION } from './resolve-bucket.ts'
import { isRefusal, prepareRetry } from './with-requirement.ts'

const VERSIONINGS: ReadonlySet<string> = new Set<Versioning>(['off', 'enabled', 'suspended'])

/** Makes a bucket of the caller's account. `BucketAlreadyExists` says whether it is the caller's own. */
export async function createBucket(session: SessionContext, input: CreateBucketInput): Promise<BucketInfo> {
  const { engine } = session
  checkBucketName(input.bucket)
  checkVersioning(input.versioning)
  input.signal?.throwIfAborted()
  const question = bucketQuestion({ operation: 'CreateBucket', action: 'bucket.create' }, input.bucket)
  for (let attempt = 0; ; attempt += 1) {
    const require = await authorise(session, question, null)
    const bucket = newBucket(session, input)
    const outcome = await engine.metadata.createBucket({ bucket, require })
    if (!isRefusal(outcome)) {
      refuseExisting(session, bucket, outcome)
      engine.buckets.remember(bucket, require.policyVersion)
      return bucket
    }
    prepareRetry(engine, question, outcome)
    if (attempt === engine.limits.commitRetriesMax) throw refusalError(outcome, question)
  }
}

/** From JavaScript it may be anything. */
function checkVersioning(versioning: Versioning | undefined): void {
  if (versioning === undefined || VERSIONINGS.has(versioning)) return
  throw new StorageError('InvalidArgument', { argument: 'versioning', reason: `is one of ${[...VERSIONINGS].join(', ')}` })
}

function newBucket({ engine, caller }: SessionContext, input: CreateBucketInput): BucketInfo {
  return {
    id: engine.ids.uuid(),
    jurisdiction: input.bucket.jurisdiction ?? DEFAULT_JURISDICTION,
    name: input.bucket.name,
    // '' is nobody's account: such a bucket has no owner but the policy.
    account: caller.account ?? '',
    public: input.public ?? false,
    versioning: input.versioning ?? 'off',
    createdAt: engine.clock(),
  }
}

function refuseExisting(
  { caller }: SessionContext,
  bucket: BucketInfo,
  outcome: Extract<CreateBucketOutcome, { outcome: 'created' | 'exists' }>,
): void {
  if (outcome.outcome !== 'exists') return
  const ownedByCaller = caller.account !== null && outcome.account === caller.account
  throw new StorageError('BucketAlreadyExists', { bucket: bucket.name, ownedByCaller })
}
