import { Readable } from 'node:stream'
import { setTimeout as pause } from 'node:timers/promises'
import { StorageError } from '@stowage/core/backend'
import type { BlobKey } from '@stowage/core/backend'
import { translate } from './errors.ts'
import { openObject } from './open-object.ts'
import type { OpenedObject } from './open-object.ts'
import { crc32Of, encodeCrc32 } from './part-digests.ts'
import type { Store } from './store.ts'

/** What one `BlobReadable` reads. */
export interface ReadBlob {
  readonly key: BlobKey
  readonly opened: OpenedObject
  /** Ends requests that are under way. */
  readonly end: AbortController
}

/** How much may wait for its reader, in bytes. */
const HIGH_WATER_MARK = 256 * 1024
/** Before a read is taken up again for the first time, in milliseconds; doubled each time. */
const PAUSE_MS = 50

/**
 * The bytes of an object, as they come from the service. Where the connection breaks, the rest is asked for, of the same object (If-Match), as
 * soon as somebody wants it: `attemptsMax` times in a row without a byte at most. One that ends while the reader pauses, perhaps because it
 * did, is no break, and may happen any number of times.
 *
 * Promises: it ends after exactly the bytes that the head of the answer announced, or it errors: with `BlobDamaged` where their CRC-32 is not
 * the one that the service keeps (reads of all of a blob). Destroying it frees the connection; closing the backend destroys it.
 */
export class BlobReadable extends Readable {
  readonly #store: Store
  readonly #key: BlobKey
  readonly #opened: OpenedObject
  readonly #end: AbortController
  readonly #leave: () => void
  #source: Readable | null = null
  #position: number
  #crc32 = 0
  /** How often it broke off since the last byte. */
  #breaks = 0
  #reopening = false
  /** Whether nothing is wanted from the source now. It cannot be asked: Node resumes what it gives up. */
  #isPaused = true

  constructor(store: Store, { key, opened, end }: ReadBlob) {
    super({ highWaterMark: HIGH_WATER_MARK })
    this.#store = store
    this.#key = key
    this.#opened = opened
    this.#end = end
    this.#position = opened.start
    // One that fails before anybody listens must not end the process: whoever reads it later finds the error.
    this.on('error', () => undefined)
    this.#leave = store.closing.enter('get', (reason) => this.destroy(reason))
    this.#listen(opened.body)
  }

  override _read(): void {
    if (this.#source !== null) this.#resume(this.#source)
    else if (!this.#reopening) void this.#reopen()
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#leave()
    this.#end.abort()
    this.#source?.destroy()
    callback(error)
  }

  #listen(source: Readable): void {
    this.#source = source
    this.#pause(source)
    source.on('data', (chunk: Uint8Array) => this.#take(source, chunk))
    source.once('end', () => this.#ended(source))
    source.on('error', (error) => this.#broke(source, error))
    source.once('close', () => this.#broke(source, cutShort()))
  }

  #pause(source: Readable): void {
    this.#isPaused = true
    source.pause()
  }

  #resume(source: Readable): void {
    this.#isPaused = false
    source.resume()
  }

  #take(source: Readable, chunk: Uint8Array): void {
    if (this.#source !== source) return
    this.#breaks = 0
    this.#position += chunk.length
    if (this.#position > this.#opened.end) {
      this.destroy(this.#damaged('more bytes came than the service announced'))
      return
    }
    if (this.#opened.crc32 !== null) this.#crc32 = crc32Of(chunk, this.#crc32)
    if (!this.push(chunk)) this.#pause(source)
  }

  #ended(source: Readable): void {
    if (this.#source !== source) return
    if (this.#position < this.#opened.end) {
      this.#broke(source, cutShort())
      return
    }
    this.#source = null
    const { crc32 } = this.#opened
    if (crc32 !== null && encodeCrc32(this.#crc32) !== crc32)
      this.destroy(this.#damaged('its CRC-32 is not the one that the service keeps'))
    else this.push(null)
  }

  #broke(source: Readable, error: Error): void {
    if (this.#source !== source || this.destroyed) return
    if (this.#position === this.#opened.end) {
      // Everything is here: how the connection ended is nobody's business.
      this.#ended(source)
      return
    }
    this.#source = null
    source.destroy()
    // A connection that nobody reads from may end: that says nothing of the service. _read goes on.
    if (this.#isPaused) return
    this.#breaks += 1
    if (this.#breaks >= this.#store.options.attemptsMax) {
      this.destroy(asError(translate(error, { operation: 'get', key: this.#key, request: 'GetObject' })))
      return
    }
    // Only where there is room: a reader that is slow enough for connections to time out would else open one after the other. _read goes on.
    if (this.readableLength < HIGH_WATER_MARK) void this.#reopen()
  }

  async #reopen(): Promise<void> {
    if (this.#reopening) return
    this.#reopening = true
    const { end, etag } = this.#opened
    const { signal } = this.#end
    try {
      await pause(PAUSE_MS * 2 ** this.#breaks, undefined, { signal })
      const opened = await openObject(this.#store, this.#key, { range: { start: this.#position, end }, etag, signal })
      if (this.destroyed || opened.end !== end) opened.body.destroy()
      if (this.destroyed) return
      if (opened.end !== end) throw this.#damaged('it became shorter while it was read')
      this.#listen(opened.body)
      this.#resume(opened.body)
    } catch (error) {
      if (!this.destroyed) this.destroy(asError(error))
    } finally {
      this.#reopening = false
    }
  }

  #damaged(reason: string): StorageError<'BlobDamaged'> {
    return new StorageError('BlobDamaged', { blob: this.#key, reason })
  }
}

/** An answer without its end, whatever the connection says of itself. */
function cutShort(): Error {
  return Object.assign(new Error('the answer ended before all of its bytes had come'), { code: 'ECONNRESET' })
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error('the read failed', { cause: error })
}
