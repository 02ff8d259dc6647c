import { StorageError } from '../errors/storage-error.ts'
import type { SessionContext } from './context.ts'
import type { SetVersioningInput } from './inputs.ts'
import { bucketQuestion } from './object-question.ts'
import { DEFAULT_JURISDICTION } from './resolve-bucket.ts'
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
  await withRequirement(session, question, {
    commit: ({ bucket, require }) => engine.metadata.setVersioning({ bucketId: bucket.id, versioning, require }),
  })
  engine.buckets.forget(input.bucket.jurisdiction ?? DEFAULT_JURISDICTION, input.bucket.name)
}
