import type { RowCondition } from '../metadata/queries.ts'
import { StorageError } from '../errors/storage-error.ts'
import type { BucketInfo } from '../model/bucket.ts'
import type { ObjectInfo } from '../model/object.ts'
import { bucketPolicyRow, objectPolicyRow } from '../policy/predicate-row.ts'
import { accessDenied, authorise } from './authorise.ts'
import type { SessionContext } from './context.ts'
import { findQuery, foundNothing, presentObject } from './found-object.ts'
import type { BucketInput, ObjectInput } from './inputs.ts'
import { bucketQuestion, objectQuestion } from './object-question.ts'
import { readBucket } from './resolve-bucket.ts'
import { readUnderRequirement } from './with-requirement.ts'

/*
 * Buckets own what is in them, so there is one ACL, and setting it changes nothing. But whoever sets it must be one who may.
 */

/** The bucket whose ACL is set to what it is. Asks what setting its versioning would. */
export async function putBucketAcl(session: SessionContext, input: BucketInput): Promise<BucketInfo> {
  const question = bucketQuestion({ operation: 'PutBucketAcl', action: 'bucket.update' }, input.bucket)
  input.signal?.throwIfAborted()
  const bucket = await readBucket(session.engine, input.bucket)
  const { existing, deniedExisting } = await authorise(session, question, bucket)
  if (await passAll(session, [{ predicate: existing, row: bucketPolicyRow(bucket) }])) return bucket
  if (deniedExisting === 'absent') throw new StorageError('BucketNotFound', { bucket: bucket.name })
  throw accessDenied(question)
}

/** The object whose ACL is set to what it is. Asks what replacing the object by itself would. */
export async function putObjectAcl(session: SessionContext, input: ObjectInput): Promise<ObjectInfo> {
  const question = objectQuestion(session, { operation: 'PutObjectAcl', action: 'object.write', overwrite: 'allowed' }, input)
  input.signal?.throwIfAborted()
  const { found, grounds } = await readUnderRequirement(session, question, {
    read: async (grounds) => ({ grounds, found: await session.engine.metadata.findObject(findQuery(grounds, question)) }),
    isNothing: ({ found }) => foundNothing(found),
  })
  const object = presentObject(found, question)
  const { proposed, finalReplaced } = grounds.require
  const row = objectPolicyRow(grounds.bucket, object)
  if (await passAll(session, [{ predicate: proposed, row }, { predicate: finalReplaced, row }])) return object // prettier-ignore
  throw accessDenied(question)
}

async function passAll({ engine }: SessionContext, conditions: readonly RowCondition[]): Promise<boolean> {
  const verdicts = await engine.metadata.judge(conditions)
  return verdicts.every((verdict) => verdict === true)
}
