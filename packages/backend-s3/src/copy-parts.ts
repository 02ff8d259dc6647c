import { UploadPartCopyCommand } from '@aws-sdk/client-s3'
import type { BlobKey, ByteRange } from '@stowage/core/backend'
import pLimit from 'p-limit'
import { completeUpload } from './complete-upload.ts'
import type { FailedCall } from './errors.ts'
import { etagOf } from './incomplete-answer.ts'
import { removeObject } from './remove-object.ts'
import { attempt, objectKey, objectOf } from './store.ts'
import type { Store } from './store.ts'
import { abortUpload, CLEAN_UP_MS, createUpload } from './upload.ts'
import type { SentPart, Upload } from './upload.ts'

/** A blob, or a range of it, that becomes a part. */
export interface CopiedRange {
  readonly from: BlobKey
  /** Default: all of it. */
  readonly range?: ByteRange
}

/** How a blob is made of others. */
export interface CopyPartsOptions {
  /** At most 10,000, in their order. */
  readonly ranges: readonly CopiedRange[]
  /** For errors. */
  readonly operation: 'copy' | 'join'
  /** Of them all, in bytes, where it is known. */
  readonly size: number | null
  /** Aborting rejects with its reason. */
  readonly signal: AbortSignal | undefined
}

/** How many parts are copied beside each other: no byte of them passes through us. */
const COPY_CONCURRENCY = 16

/** Makes a blob of ranges of others inside the service, whole or not at all. */
export async function copyParts(store: Store, to: BlobKey, { ranges, operation, size, signal }: CopyPartsOptions): Promise<void> {
  const upload = await createUpload(store, to, { operation, signal })
  let completing = false
  try {
    const parts = await copyEach(store, upload, { ranges, signal })
    completing = true
    await completeUpload(store, upload, { parts, size, crc32: null, signal })
  } catch (error) {
    await abortUpload(store, upload, { operation, signal: AbortSignal.timeout(CLEAN_UP_MS) }).catch(() => undefined)
    if (completing) await removeObject(store, to).catch(() => undefined)
    throw error
  }
}

async function copyEach(
  store: Store,
  upload: Upload,
  { ranges, signal }: Pick<CopyPartsOptions, 'ranges' | 'signal'>,
): Promise<readonly SentPart[]> {
  const limit = pLimit(COPY_CONCURRENCY)
  const failed = new AbortController()
  const either = signal === undefined ? failed.signal : AbortSignal.any([signal, failed.signal])
  const tasks = ranges.map((copied, index) =>
    limit(() => copyPart(store, upload, { copied, number: index + 1, signal: either })).catch((error: unknown) => {
      failed.abort(error)
      throw error
    }),
  )
  // All of them, before the upload is aborted: a part that arrives later would stay.
  await Promise.allSettled(tasks)
  if (failed.signal.aborted) throw failed.signal.reason
  return Promise.all(tasks)
}

async function copyPart(
  store: Store,
  upload: Upload,
  { copied, number, signal }: { readonly copied: CopiedRange; readonly number: number; readonly signal: AbortSignal },
): Promise<SentPart> {
  const { from, range } = copied
  const call: FailedCall = { operation: upload.operation, key: from, request: 'UploadPartCopy' }
  const input = {
    ...objectOf(store, upload.key),
    UploadId: upload.id,
    PartNumber: number,
    CopySource: copySource(store, from),
    ...(range === undefined ? {} : { CopySourceRange: `bytes=${range.start}-${range.end - 1}` }),
  }
  const { CopyPartResult } = await attempt(store, { call, signal }, (options) =>
    store.client.send(new UploadPartCopyCommand(input), options),
  )
  return { number, etag: etagOf(CopyPartResult?.ETag, call), crc32: null, isLetGo: true }
}

/** The header that names what is copied, as API_CopyObject wants it: URL-encoded, but for slashes. */
export function copySource(store: Store, from: BlobKey): string {
  return [store.options.bucket, ...objectKey(store, from).split('/')].map(encodeURIComponent).join('/')
}
