import { Readable } from 'node:stream'
import { test } from 'node:test'
import { deflateRawSync, inflateRawSync } from 'node:zlib'
import { backendCases, runCases } from '@stowage/conformance'
import { abandonSource, eachChunk, StorageError } from '@stowage/core/backend'
import type { Backend, BlobEntry, BlobKey, ByteSource, CallOptions, GetBlobOptions } from '@stowage/core/backend'
import type { ListBlobsOptions, PutBlobOptions, StoredBlob } from '@stowage/core/backend'

/* A backend of your own, and the proof that it is one: it keeps blobs compressed, and passes the suite under node:test. */

interface Blob {
  readonly size: number
  readonly compressed: Buffer
  readonly modifiedAt: Date
}

class CompressedBackend implements Backend {
  readonly contract = 1
  readonly name = 'compressed'
  readonly limits = { blobSizeMax: 64 * 1024 ** 2, deleteBatchMax: 100 }
  readonly #blobs = new Map<BlobKey, Blob>()

  async init(options?: CallOptions): Promise<void> {
    options?.signal?.throwIfAborted()
  }

  async put(key: BlobKey, body: ByteSource, options: PutBlobOptions): Promise<StoredBlob> {
    const { blobSizeMax: max } = this.limits
    if (options.size !== undefined && options.size > max) {
      abandonSource(body)
      throw new StorageError('ObjectTooLarge', { size: options.size, max })
    }
    const chunks: Uint8Array[] = []
    let size = 0
    await eachChunk(body, options.signal, (chunk) => {
      chunks.push(chunk)
      size += chunk.length
      if (size > (options.size ?? size)) throw new StorageError('IncompleteBody', { expected: options.size ?? size, actual: size })
      if (size > max) throw new StorageError('ObjectTooLarge', { size, max })
    })
    if (size !== (options.size ?? size)) throw new StorageError('IncompleteBody', { expected: options.size ?? size, actual: size })
    // Whole or not at all: the blob appears in this one step.
    this.#blobs.set(key, { size, compressed: deflateRawSync(Buffer.concat(chunks)), modifiedAt: new Date() })
    return { size }
  }

  async get(key: BlobKey, { range, signal }: GetBlobOptions): Promise<Readable> {
    signal?.throwIfAborted()
    const blob = this.#blobs.get(key)
    if (blob === undefined) throw new StorageError('BlobNotFound', { blob: key })
    const { start, end } = range ?? { start: 0, end: blob.size }
    if (!(start >= 0 && start <= end)) throw new StorageError('InvalidArgument', { argument: 'range', reason: 'is not one' })
    if (end > blob.size) throw new StorageError('BlobDamaged', { blob: key, reason: `it holds ${blob.size} bytes, ${end} were expected` })
    return Readable.from([inflateRawSync(blob.compressed).subarray(start, end)], { objectMode: false })
  }

  async delete(keys: readonly BlobKey[], options?: CallOptions): Promise<void> {
    options?.signal?.throwIfAborted()
    for (const key of keys) this.#blobs.delete(key)
  }

  async *list({ prefix, after, signal }: ListBlobsOptions): AsyncGenerator<BlobEntry> {
    for (const [key, { size, modifiedAt }] of [...this.#blobs].sort(([a], [b]) => (a < b ? -1 : 1))) {
      signal?.throwIfAborted()
      if (key.startsWith(prefix) && (after === undefined || key > after)) yield { key, size, modifiedAt }
    }
  }

  async close(): Promise<void> {
    // Nothing is held but memory.
  }
}

runCases(test, backendCases, { open: async () => new CompressedBackend() })
