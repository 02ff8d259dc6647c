import { CompleteMultipartUploadCommand } from '@aws-sdk/client-s3'
import type { FailedCall } from './errors.ts'
import { etagOf } from './incomplete-answer.ts'
import { encodeCrc32 } from './part-digests.ts'
import { resolveOutcome } from './resolve-outcome.ts'
import { damaged } from './send-verified.ts'
import { attempt, objectOf } from './store.ts'
import type { Store } from './store.ts'
import type { SentPart, Upload } from './upload.ts'

/** What an upload is completed from. */
export interface Completion {
  /** All of them, in their order. */
  readonly parts: readonly SentPart[]
  /** What they come to, in bytes; null where only the service knows. */
  readonly size: number | null
  /** Of all bytes, where they came by; else null. */
  readonly crc32: number | null
  readonly signal: AbortSignal | undefined
}

/**
 * Makes the object of its parts: the one moment at which it appears. The vendor's client takes a 200 that carries an error, or nothing, for
 * the failure it is. Where the outcome is not known, the service is asked what is there.
 */
export async function completeUpload(store: Store, upload: Upload, completion: Completion): Promise<void> {
  const { parts, size, signal } = completion
  const call: FailedCall = { operation: upload.operation, request: 'CompleteMultipartUpload' }
  const crc32 = completion.crc32 === null ? null : encodeCrc32(completion.crc32)
  // All or none: a sum of the whole needs those of all parts.
  const withSums = parts.every((part) => part.crc32 !== null)
  const checksWhole = upload.checksWhole && withSums && crc32 !== null
  const input = {
    ...objectOf(store, upload.key),
    UploadId: upload.id,
    MultipartUpload: {
      Parts: parts.map((part) => ({
        PartNumber: part.number,
        ETag: part.etag,
        ...(withSums && part.crc32 !== null ? { ChecksumCRC32: part.crc32 } : {}),
      })),
    },
    ...(checksWhole ? ({ ChecksumCRC32: crc32, ChecksumType: 'FULL_OBJECT' } as const) : {}),
    ...(size === null ? {} : { MpuObjectSize: size }),
  }
  try {
    const answer = await attempt(store, { call, signal }, (options) =>
      store.client.send(new CompleteMultipartUploadCommand(input), options),
    )
    etagOf(answer.ETag, call)
    if (checksWhole && (answer.ChecksumCRC32 ?? crc32) !== crc32) throw damaged(call)
  } catch (error) {
    await resolveOutcome(store, upload.key, { error, signal, expected: size === null ? null : { size, crc32 } })
  }
}
