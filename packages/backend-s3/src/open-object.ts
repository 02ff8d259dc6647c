import { Readable } from 'node:stream'
import { GetObjectCommand } from '@aws-sdk/client-s3'
import { isStorageError, StorageError } from '@stowage/core/backend'
import type { BlobKey, ByteRange } from '@stowage/core/backend'
import { statusOf } from './errors.ts'
import type { FailedCall } from './errors.ts'
import { wholeCrc32 } from './find-object.ts'
import { etagOf, incompleteAnswer } from './incomplete-answer.ts'
import { attempt, objectOf } from './store.ts'
import type { Store } from './store.ts'
import { ADDING_HEADERS, addingHeaders } from './adding-headers.ts'

const WITH_CHECKSUM = addingHeaders(() => ({ 'x-amz-checksum-mode': 'ENABLED' }))

/** A stretch of an object whose bytes are about to come. */
export interface OpenedObject {
  readonly body: Readable
  /** Where its first byte is in the object. */
  readonly start: number
  /** Where its last byte is, plus one: the end of the range, or of the object where that is nearer. */
  readonly end: number
  readonly etag: string
  /** CRC-32 of the bytes, where they are all of the object and the service says one. */
  readonly crc32: string | null
}

/** What is opened. */
export interface OpenObjectOptions {
  /** Not empty. Default: all of it. */
  readonly range?: ByteRange
  /** The object must still be this one. */
  readonly etag?: string | null
  /** Ends the request, not the stream. */
  readonly signal: AbortSignal
}

/** Asks for the bytes of an object, or a range of them. The head of the answer is there when it resolves, and was checked. */
export async function openObject(store: Store, key: BlobKey, { range, etag = null, signal }: OpenObjectOptions): Promise<OpenedObject> {
  const call: FailedCall = { operation: 'get', key, request: 'GetObject' }
  const command = new GetObjectCommand({
    ...objectOf(store, key),
    ...(range === undefined ? {} : { Range: `bytes=${range.start}-${range.end - 1}` }),
    ...(etag === null ? {} : { IfMatch: etag }),
  })
  // By hand: told so by its own option, the vendor's client would wrap the stream, and could not when a read is taken up again.
  if ((range?.start ?? 0) === 0) command.middlewareStack.add(WITH_CHECKSUM, ADDING_HEADERS)
  const answer = await attempt(store, { call, signal }, (options) => store.client.send(command, options)).catch((error: unknown) => {
    throw changed(error, key)
  })
  const { Body: body, ContentLength: length } = answer
  if (!(body instanceof Readable)) throw incompleteAnswer(call)
  const stretch = length === undefined || answer.ETag === undefined ? null : stretchOf({ length, contentRange: answer.ContentRange }, range)
  if (stretch === null) {
    body.destroy()
    throw incompleteAnswer(call)
  }
  const { start, end, isWhole } = stretch
  return { body, start, end, etag: etagOf(answer.ETag, call), crc32: isWhole ? wholeCrc32(answer) : null }
}

/** What an answer holds, and whether that is all of the object, so that a sum of all bytes is one of these. */
interface Stretch extends ByteRange {
  readonly isWhole: boolean
}

/**
 * What an answer holds; null where that is not what was asked for, or where its length is another one than it says. A range may end early only
 * where the object does. RFC 9110 §14.4.
 */
function stretchOf(
  { length, contentRange }: { readonly length: number; readonly contentRange: string | undefined },
  range: ByteRange | undefined,
): Stretch | null {
  if (range === undefined) return contentRange === undefined ? { start: 0, end: length, isWhole: true } : null
  const [, start, last, size] = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(contentRange ?? '') ?? []
  const end = Number(last) + 1
  if (Number(start) !== range.start || end - range.start !== length) return null
  const isEnd = end === range.end || (end < range.end && (size === '*' || Number(size) === end))
  return isEnd ? { start: range.start, end, isWhole: range.start === 0 && Number(size) === end } : null
}

/** What a status means when the engine asks: it knows the size of its blobs, and nobody writes them twice. */
function changed(error: unknown, key: BlobKey): unknown {
  const cause = isStorageError(error) ? error.cause : null
  if (statusOf(cause) === 416) return new StorageError('BlobDamaged', { blob: key, reason: 'it ends before the range begins' }, { cause })
  if (statusOf(cause) === 412) return new StorageError('BlobDamaged', { blob: key, reason: 'it was replaced while it was read' }, { cause })
  return error
}
