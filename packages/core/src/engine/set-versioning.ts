import { StorageError } from '../errors/storage-error.ts'
import type { SessionContext } from './context.ts'
import type { SetVersioningInput } from './inputs.ts'
import { bucketQuestion } from './object-question.ts'
import { withRequirement } from './with-requirement.ts'

/** Sets a bucket's versioning. What is there stays as it is: versions that were kept are kept. */
export async function setVersioning(session: SessionContext, input: SetVersioningInput): Promise<void> {
  const { engine } = session
  const { versioning } = input
  // From JavaScript it may be anything.
  if (versioning !== 'enabled' && versioning !== 'suspended') {
    throw new StorageError('InvalidArgument', { argument: 'versioning', reason: 'is enabled or suspended' })
  }
  const question = bucketQuestion({ operation: 'PutBucketVersioning', action: 'bucket.update' }, input.bucket)
  input.signal?.throwIfAborted()
  const { policyVersion } = await withRequirement(session, question, {
    commit: ({ bucket, require }) => engine.metadata.setVersioning({ bucketId: bucket.id, versioning, require }),
  })
  engine.policyVersion.heard(policyVersion)
}
