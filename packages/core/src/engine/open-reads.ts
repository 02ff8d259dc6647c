import type { Readable } from 'node:stream'
import { StorageError } from '../errors/storage-error.ts'

/** One read that holds garbage back. */
export interface OpenRead {
  /** Monotonic, in milliseconds. */
  readonly since: number
  stream: Readable | null
}

/**
 * The reads that this process has open. A blob that lost its last reference while one was open may still be read by it,
 * so the collector waits for the oldest: the heartbeat says how old it is. Ages are monotonic: a clock that jumps frees
 * nothing too early.
 *
 * A read is registered before its row is read: a read that begins after a heartbeat cannot see what was garbage then.
 */
export class OpenReads {
  // A set keeps the order of insertion: the first is the oldest.
  readonly #reads = new Set<OpenRead>()

  get size(): number {
    return this.#reads.size
  }

  begin(): OpenRead {
    const read: OpenRead = { since: performance.now(), stream: null }
    this.#reads.add(read)
    return read
  }

  /** Ending a read twice is fine. */
  end(read: OpenRead): void {
    this.#reads.delete(read)
  }

  /** Ties the read to the stream of its bytes: it ends when the stream is closed. */
  endWith(read: OpenRead, stream: Readable): void {
    if (stream.closed) return this.end(read)
    read.stream = stream
    stream.once('close', () => this.end(read))
  }

  /** How long ago the oldest read began, in milliseconds; null where none is open. */
  oldestAgeMs(): number | null {
    for (const read of this.#reads) return Math.max(0, performance.now() - read.since)
    return null
  }

  /** Breaks every open stream off: nobody may take what it has delivered for the whole. */
  breakOff(): void {
    for (const read of this.#reads) {
      // A stream that nobody listens to at the moment must not bring the process down; whoever reads on gets the error.
      read.stream?.on('error', () => undefined)
      read.stream?.destroy(new StorageError('StoreUnavailable', { store: 'engine', reason: 'the engine is closed' }))
    }
    this.#reads.clear()
  }
}
