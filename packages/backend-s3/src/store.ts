import type { BlobKey } from '@stowage/core/backend'
import type { S3ClientLike } from './client.ts'
import type { Closing } from './closing.ts'
import { translate } from './errors.ts'
import type { FailedCall } from './errors.ts'
import type { ParsedOptions } from './options.ts'
import type { PartBuffers } from './part-buffers.ts'

/** What is found out about the service while it is used; it only ever goes from the better to the poorer. */
export interface ServiceTraits {
  /** Whether it knows the checksums of S3, or only Content-MD5. */
  checksum: 'crc32' | 'md5'
  /** Whether it is still to be found out if it knows checksums. */
  readonly detects: boolean
  /** Whether it deletes many objects at once. */
  deletesMany: boolean
  /** Whether it does so only where Content-MD5 is there. */
  deletesWithMd5: boolean
}

/** What the operations of one backend share. */
export interface Store {
  readonly options: ParsedOptions
  readonly client: S3ClientLike
  readonly traits: ServiceTraits
  readonly closing: Closing
  readonly buffers: PartBuffers
}

/** The name of the object that holds a blob: the prefix, and the key in one segment. */
export function objectKey(store: Store, key: BlobKey): string {
  return store.options.prefix + flatName(key)
}

/**
 * A key, or the beginning of one, with dots for its slashes. Services over file systems (MinIO, versitygw) cannot hold `a` beside `a/b`, and
 * list them in another order. No key has a dot, and a dot stands in the order of bytes where a slash does: behind `-`, before `0`.
 */
export function flatName(key: string): string {
  return key.replaceAll('/', '.')
}

/** Bucket and key of a blob, as every operation on one object takes them. */
export function objectOf(store: Store, key: BlobKey): { readonly Bucket: string; readonly Key: string } {
  return { Bucket: store.options.bucket, Key: objectKey(store, key) }
}

/** How a request of the vendor's client is given up. */
export interface SendOptions {
  /** Aborting ends the request. */
  readonly abortSignal: AbortSignal
}

/** One request. */
export interface Attempt {
  readonly call: FailedCall
  /** Aborting rejects with its reason. */
  readonly signal?: AbortSignal | undefined
}

/**
 * Makes one request of the vendor's client: its errors come out in the engine's words, an abort as `signal.reason`, and the end of the backend
 * as an error that says so.
 */
export async function attempt<T>({ closing }: Store, { call, signal }: Attempt, send: (options: SendOptions) => Promise<T>): Promise<T> {
  signal?.throwIfAborted()
  const end = new AbortController()
  const onAbort = (): void => end.abort(signal?.reason)
  const leave = closing.enter(call.operation, (reason) => end.abort(reason))
  signal?.addEventListener('abort', onAbort, { once: true })
  try {
    return await send({ abortSignal: end.signal })
  } catch (error) {
    throw end.signal.aborted ? end.signal.reason : translate(error, call)
  } finally {
    signal?.removeEventListener('abort', onAbort)
    leave()
  }
}
