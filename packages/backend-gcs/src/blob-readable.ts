import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import { setTimeout as wait } from 'node:timers/promises'
import { crc32c, StorageError } from '@stowage/core/backend'
import type { BlobKey, ByteRange } from '@stowage/core/backend'
import { IdleTimeout, mayPass, NoConnection, translate } from './errors.ts'
import { openRange } from './open-range.ts'
import type { OpenedRange } from './open-range.ts'
import { delayBefore } from './retry.ts'
import type { Store } from './store.ts'

/** What is read, and its first answer. Whoever makes a `BlobReadable` of it gives it that. */
export interface OpenBlob {
  readonly key: BlobKey
  readonly opened: OpenedRange
}

/** As many bytes between two breaks make good for the one before. */
const GOOD_STRETCH = 1024 * 1024

/**
 * Reads a range of an object, and goes on where it was when the connection breaks or falls silent: at most `attemptsMax` times
 * without a mebibyte in between, and only in the same content (generation).
 *
 * Promises: gives every byte once, or errors; a whole blob whose CRC-32C is not the one that the service names errors with
 * `BlobDamaged` in place of its end; destroying it breaks its connection. A reader that pauses for `idleTimeoutSeconds` gives its
 * connection up to others, and gets a new one when it goes on; that is no break, and may happen any number of times; where all connections
 * are taken, it waits until one is free. When the backend is
 * closed before every byte came, it errors.
 */
export class BlobReadable extends Readable {
  readonly #store: Store
  readonly #key: BlobKey
  readonly #end: number
  readonly #generation: string
  readonly #expected: number | null
  readonly #stop = new AbortController()
  #response: IncomingMessage | null = null
  /** Since when neither side moved: the service while bytes are wanted, else the reader. */
  #timer: NodeJS.Timeout | null = null
  /** Whether the connection was given up in a pause, and is to be made anew. */
  #isLetGo = false
  #position: number
  #crc32c = 0
  #breaks = 0
  #breakPosition: number

  constructor(store: Store, { key, opened }: OpenBlob) {
    super()
    this.#store = store
    this.#key = key
    this.#end = opened.range.end
    this.#position = opened.range.start
    this.#breakPosition = opened.range.start
    this.#generation = opened.generation
    this.#expected = opened.crc32c
    store.readers.add(this)
    // One that fails before anybody listens must not end the process: whoever reads it later finds the error.
    this.on('error', () => undefined)
    this.#attach(opened.response)
  }

  override _read(): void {
    this.#flow()
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#store.readers.delete(this)
    this.#stop.abort()
    this.#detach()
    callback(error)
  }

  #attach(response: IncomingMessage): void {
    this.#response = response
    // The request's own limit does not tell the reader's pauses from the service's.
    response.socket.setTimeout(0)
    response.pause()
    const seconds = this.#store.options.idleTimeoutSeconds
    this.#timer = setTimeout(() => this.#broken(response, new IdleTimeout(seconds)), seconds * 1000)
    response
      .on('data', (chunk: Buffer) => this.#take(response, chunk))
      .on('end', () => this.#ended(response))
      .on('error', (error) => this.#broken(response, error))
      // What was broken off may say no more than that.
      .on('close', () => this.#broken(response, new CutOff()))
  }

  /** Lets the bytes come; while a broken connection is being made good, that is left to its end. */
  #flow(): void {
    if (this.#isLetGo) {
      this.#isLetGo = false
      void this.#goOn(null)
    }
    if (this.#response?.isPaused() !== true) return
    this.#timer?.refresh()
    this.#response.resume()
  }

  #take(response: IncomingMessage, chunk: Buffer): void {
    if (this.#response !== response) return
    this.#timer?.refresh()
    this.#position += chunk.length
    if (this.#position > this.#end) {
      this.destroy(this.#damaged(`more than its ${this.#end} bytes came`))
      return
    }
    if (this.#expected !== null) this.#crc32c = crc32c(chunk, this.#crc32c)
    // Behind the last byte its end is to come: then the connection is free again.
    if (!this.push(chunk) && this.#position < this.#end) response.pause()
  }

  /** Gives the connection up: nobody reads, and others may want it. */
  #letGo(): void {
    this.#detach()
    if (this.#position === this.#end) this.#finish()
    else this.#isLetGo = true
  }

  #ended(response: IncomingMessage): void {
    if (this.#response !== response) return
    if (this.#position < this.#end) {
      this.#broken(response, new CutOff())
      return
    }
    // Nothing is left to be broken: its connection goes on to the next request.
    this.#response = null
    this.#unwatch()
    this.#finish()
  }

  #broken(response: IncomingMessage, error: Error): void {
    if (this.#response !== response) return
    // A connection that nobody reads from may end: that says nothing of the service.
    if (response.isPaused()) {
      this.#letGo()
      return
    }
    this.#detach()
    if (this.#position - this.#breakPosition >= GOOD_STRETCH) this.#breaks = 0
    this.#breakPosition = this.#position
    this.#breaks += 1
    // Every byte came; only their end is missing, which our count knows as well.
    if (this.#position === this.#end) this.#finish()
    else if (this.#breaks >= this.#store.options.attemptsMax || !mayPass(error)) this.destroy(this.#failure(error))
    else void this.#goOn(error)
  }

  #finish(): void {
    this.#store.readers.delete(this)
    if (this.#expected !== null && this.#crc32c !== this.#expected) this.destroy(this.#damaged('its CRC-32C is not that of its bytes'))
    else this.push(null)
  }

  /** Opens the rest: after a wait where something broke, and at once after a pause. */
  async #goOn(broken: Error | null): Promise<void> {
    try {
      const { options } = this.#store
      if (broken !== null) await wait(delayBefore(this.#breaks, broken, options) * 1000, undefined, { signal: this.#stop.signal })
      const range = { start: this.#position, end: this.#end }
      const response = await this.#open(range)
      if (this.destroyed) response.destroy()
      else this.#attach(response)
      // Somebody may have been waiting all the while; and if not, the first chunks wait in the queue.
      this.#flow()
    } catch (failure) {
      if (!this.destroyed) this.destroy(this.#failure(failure))
    }
  }

  /** Waits for a connection as long as it takes: whoever reads on has begun already, and may give up itself. */
  async #open(range: ByteRange): Promise<IncomingMessage> {
    for (;;) {
      try {
        const { response } = await openRange(this.#store, {
          key: this.#key,
          range,
          generation: this.#generation,
          signal: this.#stop.signal,
        })
        return response
      } catch (error) {
        if (!(error instanceof NoConnection)) throw error
      }
    }
  }

  #detach(): void {
    this.#unwatch()
    const response = this.#response
    this.#response = null
    response?.destroy()
  }

  #unwatch(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
  }

  #damaged(reason: string): StorageError<'BlobDamaged'> {
    return new StorageError('BlobDamaged', { blob: this.#key, reason })
  }

  #failure(error: unknown): Error {
    const translated = translate(error, { operation: 'get', key: this.#key })
    return translated instanceof Error ? translated : new Error('the read failed', { cause: translated })
  }
}

/** An answer that ended before its end. */
class CutOff extends Error {
  override readonly name = 'CutOff'
  readonly code = 'ECONNRESET'

  constructor() {
    super('the answer was broken off')
  }
}
