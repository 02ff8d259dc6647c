import { readBucketPolicyText } from '../access/bucket-policy-document.ts'
import { StorageError } from '../errors/storage-error.ts'
import { parseBucketPolicy } from '../policy/bucket-policy/parse-bucket-policy.ts'
import { isPublicPolicy } from '../policy/bucket-policy/policy-status.ts'
import type { OperationName } from '../policy/operation.ts'
import { accessDenied, isNever } from './authorise.ts'
import type { SessionContext } from './context.ts'
import type { BucketInput, PutBucketPolicyInput } from './inputs.ts'
import { bucketQuestion } from './object-question.ts'
import { findGrounds, withRequirement } from './with-requirement.ts'

/** The text of a bucket's policy, as it was put. */
export async function getBucketPolicy(session: SessionContext, input: BucketInput): Promise<string> {
  const { text } = await readPolicy(session, input, 'GetBucketPolicy')
  return text
}

/** Whether a bucket's policy lets in everybody. */
export async function getBucketPolicyStatus(session: SessionContext, input: BucketInput): Promise<{ readonly isPublic: boolean }> {
  const { text, name } = await readPolicy(session, input, 'GetBucketPolicyStatus')
  return { isPublic: isPublicPolicy(parseBucketPolicy(text, name)) }
}

/** Sets a bucket's policy, in the place of the one it has. */
export async function putBucketPolicy(session: SessionContext, input: PutBucketPolicyInput): Promise<void> {
  // Before anybody is asked: it is the client's own text.
  parseBucketPolicy(input.policy, input.bucket.name)
  await setPolicy(session, input, { operation: 'PutBucketPolicy', policy: input.policy })
}

/** Takes a bucket's policy away. */
export async function deleteBucketPolicy(session: SessionContext, input: BucketInput): Promise<void> {
  await setPolicy(session, input, { operation: 'DeleteBucketPolicy', policy: null })
}

async function readPolicy(
  session: SessionContext,
  input: BucketInput,
  operation: OperationName,
): Promise<{ readonly text: string; readonly name: string }> {
  const question = bucketQuestion({ operation, action: 'bucket.policy.read' }, input.bucket)
  input.signal?.throwIfAborted()
  const { bucket, require } = await findGrounds(session, question)
  // What is in no row of the bucket cannot hang on one.
  if (isNever(require.existing)) throw accessDenied(question)
  const text = await readBucketPolicyText(session.engine.metadata, bucket.id)
  if (text === null) throw new StorageError('BucketPolicyNotFound', { bucket: bucket.name })
  return { text, name: bucket.name }
}

async function setPolicy(
  session: SessionContext,
  input: BucketInput,
  { operation, policy }: { readonly operation: OperationName; readonly policy: string | null },
): Promise<void> {
  const { engine } = session
  const question = bucketQuestion({ operation, action: 'bucket.policy.write' }, input.bucket)
  input.signal?.throwIfAborted()
  const { policyVersion } = await withRequirement(session, question, {
    commit: ({ bucket, require }) => {
      if (policy !== null && engine.policy.keepsBucketPolicies !== true) {
        throw new StorageError('NotSupported', { feature: 'a bucket policy, by the policy of this server,' })
      }
      return engine.metadata.setBucketPolicy({ bucketId: bucket.id, policy, require })
    },
  })
  engine.policyVersion.heard(policyVersion)
}
