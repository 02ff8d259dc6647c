import { abandonSource, eachChunk, StorageError } from '@stowage/core/backend'
import type { BlobKey, ByteSource, PutBlobOptions, StoredBlob } from '@stowage/core/backend'
import { BlobWriter } from './blob-writer.ts'
import type { Store } from './store.ts'

/** The arguments of a `Backend.put`. */
export interface PutBlobCall {
  readonly key: BlobKey
  readonly body: ByteSource
  readonly options: PutBlobOptions
}

/**
 * Writes a blob as `Backend.put` promises: in one request where it fits into a part, else as an upload in parts, several at once.
 *
 * Memory: partSize × (concurrency + 1) at most, or two parts where that is more: a blob of a known size that would have more than 10,000 parts
 * has larger ones, and fewer of them at once. One of unknown size ends after 10,000 (`ObjectTooLarge`). Every request
 * holds all of its bytes, so the vendor's client can repeat it: same key, same bytes, and the engine never uses a key again.
 */
export async function putBlob(store: Store, { key, body, options }: PutBlobCall): Promise<StoredBlob> {
  const { blobSizeMax } = store.options
  const { size, signal } = options
  if (signal?.aborted === true || (size !== undefined && size > blobSizeMax)) {
    abandonSource(body)
    signal?.throwIfAborted()
    throw new StorageError('ObjectTooLarge', { size: size ?? 0, max: blobSizeMax })
  }
  // Ends the body and all requests: when the caller gives up, and when one of them fails.
  const end = new AbortController()
  const onAbort = (): void => end.abort(signal?.reason)
  const leave = enter(store, { body, end })
  signal?.addEventListener('abort', onAbort, { once: true })
  const writer = new BlobWriter(store, { key, size, end })
  try {
    await eachChunk(body, end.signal, (chunk) => {
      const pause = writer.add(chunk)
      // Copied by then. Whatever else reads it has had it before us.
      if (pause === undefined) body.releaseChunk?.(chunk)
      return pause?.then(() => body.releaseChunk?.(chunk))
    })
    await writer.finish()
    return { size: writer.size }
  } catch (error) {
    end.abort(error)
    await writer.discard()
    throw error
  } finally {
    signal?.removeEventListener('abort', onAbort)
    leave()
    writer.end()
  }
}

function enter({ closing }: Store, { body, end }: { readonly body: ByteSource; readonly end: AbortController }): () => void {
  try {
    return closing.enter('put', (reason) => end.abort(reason))
  } catch (error) {
    abandonSource(body)
    throw error
  }
}
