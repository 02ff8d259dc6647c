import { StorageError } from '@stowage/core/backend'
import { BACKEND_NAME } from './errors.ts'
import type { FailedCall } from './errors.ts'
import type { Part } from './filling-part.ts'
import { etagOf } from './incomplete-answer.ts'
import { confirmation, digestOf } from './part-digests.ts'
import type { SentDigest } from './part-digests.ts'
import type { Store } from './store.ts'

/** Bytes that go up, and in which request. */
export interface VerifiedPart {
  readonly part: Part
  readonly call: FailedCall
}

/** What of an answer is looked at. */
interface PartAnswer {
  readonly ETag?: string | undefined
  readonly ChecksumCRC32?: string | undefined
  readonly $metadata: { readonly attempts?: number | undefined }
}

/** What came of it. */
export interface Verified<Answer> {
  readonly answer: Answer
  readonly sent: SentDigest
  /** Whether nothing can be reading the bytes any more: an attempt that was given up might be. */
  readonly isLetGo: boolean
}

/**
 * Sends bytes with their CRC-32, which the service has to give back. Older Ceph, for one, takes no notice of it: with `checksum: 'auto'`
 * everything goes up with Content-MD5 from then on, these bytes once more. A service says nothing of an MD5: that it has taken the bytes has
 * to do.
 */
export async function sendVerified<Answer extends PartAnswer>(
  { traits }: Store,
  { part, call }: VerifiedPart,
  send: (digest: SentDigest) => Promise<Answer>,
): Promise<Verified<Answer>> {
  let isLetGo = true
  for (;;) {
    const sent = digestOf(traits, part)
    const answer = await send(sent)
    // Before anything is concluded from what it does not say: it may not be S3's.
    etagOf(answer.ETag, call)
    isLetGo &&= answer.$metadata.attempts === 1
    const said = confirmation(sent, answer)
    if (said === 'confirmed') return { answer, sent, isLetGo }
    if (said === 'other') throw damaged(call)
    if (!traits.detects) throw new StorageError('NotSupported', { feature: `CRC-32 of this S3 service, which option checksum asks for,` })
    traits.checksum = 'md5'
  }
}

/** What the service has is not what was sent. */
export function damaged(call: FailedCall): StorageError<'BackendUnavailable'> {
  return new StorageError(
    'BackendUnavailable',
    { backend: BACKEND_NAME, operation: call.operation },
    { retryable: true, message: `S3 could not ${call.operation}: the service has other bytes than were sent (${call.request}).` },
  )
}
