import { Readable } from 'node:stream'
import { isLendingReadable } from '../backend/lending-readable.ts'
import type { LendingReadable } from '../backend/lending-readable.ts'
import { StorageError } from '../errors/storage-error.ts'
import type { Extent } from '../model/extent.ts'

/** What an `ExtentsReadable` reads. */
export interface ExtentsReadableOptions {
  /** At least one. */
  readonly extents: readonly Extent[]
  /** The stream of the first one, opened. */
  readonly first: Readable
  /** Opens the stream of any other one; called in order, one ahead of what is delivered. */
  readonly open: (extent: Extent) => Promise<Readable>
}

/** An extent that is opened ahead: its stream, or what went wrong with it, whichever comes before it is needed. */
interface Opening {
  readonly stream: Promise<Readable>
  dropped: boolean
}

/**
 * The bytes of many extents, one behind the other. While one is delivered, the next is opened and begins to read: two
 * blobs are open at the most, and a GET over many keeps its speed. An extent that delivers more or less than its length
 * destroys the stream with `BlobDamaged`: a short answer must never look complete.
 */
export class ExtentsReadable extends Readable implements LendingReadable {
  readonly #extents: readonly Extent[]
  readonly #open: (extent: Extent) => Promise<Readable>
  /** Who lent a chunk, so that it can be given back to them. */
  readonly #lenders = new WeakMap<Uint8Array, LendingReadable>()
  #at = 0
  #delivered = 0
  #current: Readable | null = null
  #next: Opening | null = null

  constructor({ extents, first, open }: ExtentsReadableOptions) {
    super({ highWaterMark: first.readableHighWaterMark })
    this.#extents = extents
    this.#open = open
    this.#read(first)
  }

  /** Takes back a chunk, for the blob's stream that had lent it. */
  releaseChunk(chunk: Uint8Array): void {
    const lender = this.#lenders.get(chunk)
    this.#lenders.delete(chunk)
    lender?.releaseChunk(chunk)
  }

  override _read(): void {
    this.#current?.resume()
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.#current?.destroy()
    this.#current = null
    this.#dropNext()
    callback(error)
  }

  /** Delivers an opened extent, and opens the one behind it. */
  #read(stream: Readable): void {
    this.#current = stream
    this.#delivered = 0
    stream.on('data', (chunk: Uint8Array) => this.#deliver(stream, chunk))
    stream.once('end', () => this.#advance())
    stream.once('error', (error) => this.destroy(error))
    stream.once('close', () => {
      // Neither ended nor failed: somebody destroyed it under us.
      if (this.#current === stream) this.destroy(this.#damaged())
    })
    stream.pause()
    this.#prefetch()
    if (this.readableLength < this.readableHighWaterMark) stream.resume()
  }

  #deliver(stream: Readable, chunk: Uint8Array): void {
    this.#delivered += chunk.length
    if (this.#delivered > (this.#extents[this.#at]?.length ?? 0)) {
      this.destroy(this.#damaged())
      return
    }
    if (isLendingReadable(stream)) this.#lenders.set(chunk, stream)
    if (!this.push(chunk)) stream.pause()
  }

  #advance(): void {
    if (this.#delivered !== this.#extents[this.#at]?.length) {
      this.destroy(this.#damaged())
      return
    }
    this.#current = null
    this.#at += 1
    const next = this.#next
    this.#next = null
    if (next === null) {
      this.push(null)
      return
    }
    next.stream.then(
      (stream) => {
        if (this.destroyed) stream.destroy()
        else if (stream.destroyed) this.destroy(stream.errored ?? this.#damaged())
        else this.#read(stream)
      },
      (error: Error) => this.destroy(error),
    )
  }

  #prefetch(): void {
    const extent = this.#extents[this.#at + 1]
    if (extent === undefined) return
    const opening: Opening = { stream: this.#open(extent), dropped: false }
    this.#next = opening
    opening.stream.then(
      (stream) => {
        // Heard here so that an early failure does not end the process; `errored` keeps it for later.
        stream.on('error', () => undefined)
        if (opening.dropped) stream.destroy()
        // Starts the first read of the backend, and delivers nothing yet.
        else if (stream.readableFlowing === null) stream.read(0)
      },
      () => undefined,
    )
  }

  #dropNext(): void {
    if (this.#next === null) return
    this.#next.dropped = true
    this.#next.stream.then(
      (stream) => stream.destroy(),
      () => undefined,
    )
    this.#next = null
  }

  #damaged(): StorageError {
    const extent = this.#extents[this.#at]
    const blob = extent?.kind === 'blob' ? extent.blob : 'inline'
    const reason = `${this.#delivered} of ${extent?.length ?? 0} bytes were delivered`
    return new StorageError('BlobDamaged', { blob, reason })
  }
}
