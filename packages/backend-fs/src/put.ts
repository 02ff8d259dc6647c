import { abandonSource, eachChunk, StorageError } from '@stowage/core/backend'
import type { BlobKey, ByteSource, PutBlobOptions, StoredBlob } from '@stowage/core/backend'
import { durableWrite } from './durable-write.ts'
import type { FileContent } from './durable-write.ts'
import { translate } from './errors.ts'
import type { FileWriter } from './file-writer.ts'
import { blobPath } from './paths.ts'
import type { Store } from './store.ts'

/** The arguments of a `Backend.put`. */
export interface PutBlobCall {
  readonly key: BlobKey
  readonly body: ByteSource
  readonly options: PutBlobOptions
}

/** Writes a blob as `Backend.put` promises. */
export async function putBlob(store: Store, call: PutBlobCall): Promise<StoredBlob> {
  const { key, options } = call
  const source = new Source(call, store.options.blobSizeMax)
  try {
    checkBefore(store, key, options)
    await write(store, key, source)
    return { size: source.size }
  } catch (error) {
    source.abandon()
    // What the body threw is its maker's, even where it looks like an error of the disk.
    throw source.failure === null ? translate(error, { operation: 'put', key }) : source.failure.error
  }
}

function checkBefore(store: Store, key: BlobKey, options: PutBlobOptions): void {
  options.signal?.throwIfAborted()
  store.health.check('put')
  const { blobSizeMax } = store.options
  if (options.size !== undefined && options.size > blobSizeMax) {
    throw new StorageError('ObjectTooLarge', { size: options.size, max: blobSizeMax })
  }
  if (store.unreadable.has(key)) {
    throw new StorageError('Conflict', { what: 'blob' }, { message: 'A blob of this name is being written; names are never used twice.' })
  }
}

async function write(store: Store, key: BlobKey, source: Source): Promise<void> {
  const path = blobPath(key)
  let leftBehind = false
  store.unreadable.set(key, 'being written')
  try {
    if (!store.fanOut.has(path.directory)) await store.fanOut.make(path.directory)
    const failed = await durableWrite(store, path, source)
    leftBehind = failed !== null && !failed.removed
    if (failed !== null) throw failed.error
  } finally {
    if (leftBehind) store.unreadable.set(key, 'left behind')
    else store.unreadable.delete(key)
  }
}

/** The body of one put: counted, limited, and its own failures kept apart from those of the disk. */
class Source implements FileContent {
  size = 0
  /** What the body threw, or what is wrong with it, or why the caller gave up. */
  failure: { readonly error: unknown } | null = null
  readonly #key: BlobKey
  readonly #body: ByteSource
  readonly #options: PutBlobOptions
  readonly #sizeMax: number
  #begun = false

  constructor({ key, body, options }: PutBlobCall, sizeMax: number) {
    this.#key = key
    this.#body = body
    this.#options = options
    this.#sizeMax = sizeMax
  }

  async writeTo(writer: FileWriter): Promise<void> {
    this.#begun = true
    const diskFailed = (error: unknown): never => {
      throw translate(error, { operation: 'put', key: this.#key })
    }
    try {
      await eachChunk(this.#body, this.#options.signal, (chunk) => {
        this.#count(chunk)
        return writer.add(chunk)?.catch(diskFailed)
      })
      const { size } = this.#options
      if (size !== undefined && this.size !== size) throw new StorageError('IncompleteBody', { expected: size, actual: this.size })
    } catch (error) {
      this.failure = { error }
      throw error
    }
  }

  release(chunk: Uint8Array): void {
    this.#body.releaseChunk?.(chunk)
  }

  /** Tells the body that nobody reads it, where nobody has begun to: `eachChunk` tells it afterwards. */
  abandon(): void {
    if (!this.#begun) abandonSource(this.#body)
  }

  /** Fails at once where the body goes on too long: it may never end. */
  #count(chunk: Uint8Array): void {
    this.size += chunk.length
    const { size } = this.#options
    if (size !== undefined && this.size > size) throw new StorageError('IncompleteBody', { expected: size, actual: this.size })
    if (this.size > this.#sizeMax) throw new StorageError('ObjectTooLarge', { size: this.size, max: this.#sizeMax })
  }
}
