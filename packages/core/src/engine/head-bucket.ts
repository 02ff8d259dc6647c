import { StorageError } from '../errors/storage-error.ts'
import type { BucketInfo } from '../model/bucket.ts'
import { bucketPolicyRow } from '../policy/predicate-row.ts'
import { evaluatePredicate } from '../policy/evaluate-predicate.ts'
import { namesRelations } from '../policy/predicate-type.ts'
import type { Predicate } from '../policy/predicate.ts'
import { accessDenied, authorise } from './authorise.ts'
import type { SessionContext } from './context.ts'
import type { BucketInput } from './inputs.ts'
import { bucketQuestion } from './object-question.ts'
import { readBucket } from './resolve-bucket.ts'

/** The bucket as the store has it now. */
export async function headBucket(session: SessionContext, input: BucketInput): Promise<BucketInfo> {
  const question = bucketQuestion({ operation: 'HeadBucket', action: 'bucket.read' }, input.bucket)
  input.signal?.throwIfAborted()
  const bucket = await readBucket(session.engine, input.bucket)
  const require = await authorise(session, question, bucket)
  if (await isVisible(session, bucket, require.existing)) return bucket
  if (require.deniedExisting === 'absent') throw new StorageError('BucketNotFound', { bucket: bucket.name })
  throw accessDenied(question)
}

/** Only a listing of buckets looks into relations. */
async function isVisible({ engine }: SessionContext, bucket: BucketInfo, visible: Predicate): Promise<boolean> {
  if (!namesRelations(visible)) return evaluatePredicate(visible, bucketPolicyRow(bucket)) === true
  const { buckets } = await engine.metadata.listBuckets({
    jurisdiction: bucket.jurisdiction,
    account: null,
    visible,
    prefix: bucket.name,
    after: null,
    limit: 1,
  })
  return buckets.some(({ id }) => id === bucket.id)
}
