import { Readable } from 'node:stream'
import { StorageError } from '@stowage/core/backend'
import type { BlobKey, ByteRange, LendingReadable } from '@stowage/core/backend'
import { translate } from './errors.ts'
import type { Store } from './store.ts'

/** What one opened blob is read from. Whoever makes a `BlobReadable` of it gives it the descriptor. */
export interface OpenBlob {
  readonly key: BlobKey
  readonly descriptor: number
  readonly range: ByteRange
}

/**
 * Reads a range of a file, one read ahead of the consumer, into pooled memory of up to 512 KiB: holds at most two such
 * buffers that the consumer has not taken. Its chunks may be given back (`LendingReadable`); those that are not belong to the
 * consumer for good.
 *
 * Promises: errors with `BlobDamaged` where the file ends too early; closes the descriptor exactly once, after a read
 * that is under way.
 */
export class BlobReadable extends Readable implements LendingReadable {
  readonly #store: Store
  readonly #key: BlobKey
  readonly #descriptor: number
  readonly #end: number
  #position: number
  #reading: Promise<void> | null = null
  /** The memory of the chunks that the consumer has. Weak: what is never given back must not stay here. */
  readonly #lent = new WeakSet<ArrayBufferLike>()

  constructor(store: Store, blob: OpenBlob) {
    // Anything in the queue is enough: a chunk waits there while the consumer works on the one before.
    super({ highWaterMark: 1 })
    this.#store = store
    this.#key = blob.key
    this.#descriptor = blob.descriptor
    this.#position = blob.range.start
    this.#end = blob.range.end
  }

  releaseChunk(chunk: Uint8Array): void {
    if (this.#lent.delete(chunk.buffer)) this.#store.pool.give(Buffer.from(chunk.buffer))
  }

  override _read(): void {
    this.#reading = this.#readNext()
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    void this.#closeAfterRead(() => callback(error))
  }

  async #readNext(): Promise<void> {
    const left = this.#end - this.#position
    if (left === 0) {
      this.push(null)
      return
    }
    const buffer = this.#store.pool.take(left)
    let count: number
    try {
      count = await this.#store.fileSystem.read(this.#descriptor, buffer, Math.min(buffer.length, left), this.#position)
      if (count === 0) throw this.#endsTooEarly()
    } catch (error) {
      this.#store.pool.give(buffer)
      this.destroy(asError(translate(error, { operation: 'get', key: this.#key })))
      return
    }
    if (this.destroyed) this.#store.pool.give(buffer)
    else this.#deliver(buffer, count)
  }

  /** Outside the `try` of the read: what a listener throws is no failure of the disk, and the chunk is the listener's. */
  #deliver(buffer: Buffer, count: number): void {
    this.#position += count
    this.#lent.add(buffer.buffer)
    // Cleared first: push() may ask for the next read, or be answered with destroy(), before it returns.
    this.#reading = null
    this.push(count === buffer.length ? buffer : buffer.subarray(0, count))
    if (this.#position === this.#end) this.push(null)
  }

  #endsTooEarly(): StorageError<'BlobDamaged'> {
    return new StorageError('BlobDamaged', { blob: this.#key, reason: `it ends at byte ${this.#position}, before byte ${this.#end}` })
  }

  async #closeAfterRead(done: () => void): Promise<void> {
    // A descriptor closed under a read may be another file's by the time the read begins.
    await this.#reading?.catch(() => {})
    // Read-only: closing it can lose nothing, and its failure concerns nobody.
    await this.#store.fileSystem.close(this.#descriptor).catch(() => {})
    done()
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error('the file system failed', { cause: error })
}
