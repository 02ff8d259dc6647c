import { StorageError } from '../errors/storage-error.ts'
import type { SessionContext } from './context.ts'
import type { BucketInput } from './inputs.ts'
import { bucketQuestion } from './object-question.ts'
import { DEFAULT_JURISDICTION } from './resolve-bucket.ts'
import { withRequirement } from './with-requirement.ts'

/** Deletes a bucket without objects, versions and delete markers; unfinished uploads go with it. */
export async function deleteBucket(session: SessionContext, input: BucketInput): Promise<void> {
  const { engine } = session
  const question = bucketQuestion({ operation: 'DeleteBucket', action: 'bucket.delete' }, input.bucket)
  input.signal?.throwIfAborted()
  const { outcome } = await withRequirement(session, question, {
    commit: ({ bucket, require }) => engine.metadata.deleteBucket({ bucketId: bucket.id, require }),
  })
  if (outcome === 'not-empty') throw new StorageError('BucketNotEmpty', { bucket: input.bucket.name })
  engine.buckets.forget(input.bucket.jurisdiction ?? DEFAULT_JURISDICTION, input.bucket.name)
}
