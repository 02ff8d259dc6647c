import { Readable } from 'node:stream'
import { isLendingReadable } from '../backend/lending-readable.ts'
import type { LendingReadable } from '../backend/lending-readable.ts'
import { StorageError } from '../errors/storage-error.ts'
import type { Extent } from '../model/extent.ts'
import { opensAhead, READ_AHEAD } from './read-ahead.ts'
import type { ReadAhead } from './read-ahead.ts'

/** What an `ExtentsReadable` reads. */
export interface ExtentsReadableOptions {
  /** At least one. */
  readonly extents: readonly Extent[]
  /** The stream of the first one, opened. */
  readonly first: Readable
  /** Opens the stream of any other one; called in order, ahead of what is delivered. Once more for one that failed before its turn. */
  readonly open: (extent: Extent) => Promise<Readable>
  /** How far ahead. Default: `READ_AHEAD`. */
  readonly ahead?: ReadAhead
}

/** An extent that is opened ahead: its stream, or what went wrong with it, whichever comes before it is needed. */
interface Opening {
  readonly stream: Promise<Readable>
  dropped: boolean
}

/**
 * The bytes of many extents, one behind the other. While one is delivered, the next ones are opened, as far as `ReadAhead`
 * says, and the very next begins to read: a GET over many keeps its speed where each of them takes a while to come. One
 * that failed before its turn (a store that closes what nobody reads for long) is opened once more. An extent that delivers
 * more or less than its length destroys the stream with `BlobDamaged`: a short answer must never look complete.
 */
export class ExtentsReadable extends Readable implements LendingReadable {
  readonly #extents: readonly Extent[]
  readonly #open: (extent: Extent) => Promise<Readable>
  readonly #readAhead: ReadAhead
  /** Who lent a chunk, so that it can be given back to them. */
  readonly #lenders = new WeakMap<Uint8Array, LendingReadable>()
  #at = 0
  #delivered = 0
  #current: Readable | null = null
  /** Those behind the current one that have been opened, in their order. */
  #ahead: Opening[] = []
  #aheadBytes = 0

  constructor({ extents, first, open, ahead = READ_AHEAD }: ExtentsReadableOptions) {
    super({ highWaterMark: first.readableHighWaterMark })
    this.#extents = extents
    this.#open = open
    this.#readAhead = ahead
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
    for (const opening of this.#ahead) drop(opening)
    this.#ahead = []
    callback(error)
  }

  /** Delivers an opened extent, and opens those behind it. */
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
    this.#openAhead()
    if (this.readableLength < this.readableHighWaterMark) stream.resume()
  }

  #deliver(stream: Readable, chunk: Uint8Array): void {
    this.#delivered += chunk.length
    if (this.#delivered > this.#length) {
      this.destroy(this.#damaged())
      return
    }
    if (isLendingReadable(stream)) this.#lenders.set(chunk, stream)
    if (!this.push(chunk)) stream.pause()
    this.#openAhead()
  }

  #advance(): void {
    if (this.#delivered !== this.#length) {
      this.destroy(this.#damaged())
      return
    }
    this.#current = null
    this.#at += 1
    const next = this.#ahead.shift()
    const extent = this.#extents[this.#at]
    if (extent === undefined) {
      this.push(null)
      return
    }
    this.#aheadBytes -= next === undefined ? 0 : extent.length
    const [afterNext] = this.#ahead
    if (afterNext !== undefined) warm(afterNext)
    this.#take(extent, next).then(
      (stream) => {
        if (this.destroyed) stream.destroy()
        else if (stream.destroyed) this.destroy(stream.errored ?? this.#damaged())
        else this.#read(stream)
      },
      (error: Error) => this.destroy(error),
    )
  }

  /** The stream of the extent whose turn it is. What went wrong ahead of its turn is tried again. */
  async #take(extent: Extent, opening: Opening | undefined): Promise<Readable> {
    const early = await opening?.stream.catch(() => undefined)
    if (early !== undefined && !early.destroyed) return early
    if (this.destroyed) throw this.#damaged()
    return listening(await this.#open(extent))
  }

  #openAhead(): void {
    for (;;) {
      const opened = this.#ahead.length
      const extent = this.#extents[this.#at + 1 + opened]
      const bytesBefore = this.#length - this.#delivered + this.#aheadBytes
      if (extent === undefined || this.destroyed) return
      if (!opensAhead(this.#readAhead, { extentsDone: this.#at, opened, bytesBefore })) return
      const opening: Opening = { stream: this.#open(extent), dropped: false }
      this.#ahead.push(opening)
      this.#aheadBytes += extent.length
      opening.stream.then(
        (stream) => {
          listening(stream)
          if (opening.dropped) stream.destroy()
        },
        () => undefined,
      )
      if (opened === 0) warm(opening)
    }
  }

  get #length(): number {
    return this.#extents[this.#at]?.length ?? 0
  }

  #damaged(): StorageError {
    const extent = this.#extents[this.#at]
    const blob = extent?.kind === 'blob' ? extent.blob : 'inline'
    const reason = `${this.#delivered} of ${extent?.length ?? 0} bytes were delivered`
    return new StorageError('BlobDamaged', { blob, reason })
  }
}

/** Its errors are heard from here on, so that an early one does not end the process; `errored` keeps it for later. */
function listening(stream: Readable): Readable {
  return stream.on('error', () => undefined)
}

/** Starts the first read of the backend, and delivers nothing yet. */
function warm(opening: Opening): void {
  opening.stream.then(
    (stream) => {
      if (!opening.dropped && !stream.destroyed && stream.readableFlowing === null) stream.read(0)
    },
    () => undefined,
  )
}

/** Lets go of what was opened in vain. */
function drop(opening: Opening): void {
  opening.dropped = true
  opening.stream.then(
    (stream) => stream.destroy(),
    () => undefined,
  )
}
