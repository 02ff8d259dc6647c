import type { FileSystem } from './file-system.ts'

/** Chunks are collected up to this many bytes before they are written. */
const BATCH_SIZE = 1024 * 1024

/** Or up to this many chunks: each may hold on to a larger buffer of a socket. */
const BATCH_CHUNKS = 64

/** A chunk of this many bytes is worth a write of its own, so that it need not wait for another. */
const LARGE_CHUNK_SIZE = 256 * 1024

/**
 * Writes received chunks to a descriptor by `writev`, without copying, and collects the next batch while one is being
 * written. Holds at most two batches.
 */
export class FileWriter {
  readonly #fileSystem: FileSystem
  readonly #descriptor: number
  readonly #onWritten: (chunk: Uint8Array) => void
  #batch: Uint8Array[] = []
  #batchSize = 0
  /** The write under way; stays, rejected, after a failure. */
  #writing: Promise<void> | null = null

  /** `onWritten` hears of each chunk that was written whole, and that the writer touches no more. */
  constructor(fileSystem: FileSystem, descriptor: number, onWritten: (chunk: Uint8Array) => void) {
    this.#fileSystem = fileSystem
    this.#descriptor = descriptor
    this.#onWritten = onWritten
  }

  /** Takes a chunk. Where it returns a promise, the next chunk must wait for it. */
  add(chunk: Uint8Array): Promise<void> | undefined {
    if (chunk.length === 0) return undefined
    this.#batch.push(chunk)
    this.#batchSize += chunk.length
    if (this.#batchSize < BATCH_SIZE && this.#batch.length < BATCH_CHUNKS && chunk.length < LARGE_CHUNK_SIZE) return undefined
    if (this.#writing !== null) return this.#writing.then(() => this.#start())
    this.#start()
    return undefined
  }

  /** Writes what is left. */
  async finish(): Promise<void> {
    await this.#writing
    if (this.#batch.length === 0) return
    this.#start()
    await this.#writing
  }

  /** Waits for the write under way, whatever becomes of it: nobody may close a descriptor that is being written to. */
  async settle(): Promise<void> {
    await this.#writing?.catch(() => {})
  }

  #start(): void {
    const batch = this.#batch
    const size = this.#batchSize
    this.#batch = []
    this.#batchSize = 0
    const writing = this.#write(batch, size).then(() => {
      this.#writing = null
    })
    // Seen by the next add() or finish(); until then it must not count as unhandled.
    writing.catch(() => {})
    this.#writing = writing
  }

  async #write(batch: readonly Uint8Array[], size: number): Promise<void> {
    let rest = batch
    let left = size
    for (;;) {
      const written = await this.#fileSystem.writev(this.#descriptor, rest)
      left -= written
      if (left === 0) break
      rest = skip(rest, written)
    }
    for (const chunk of batch) this.#onWritten(chunk)
  }
}

/** What remains of the buffers after `count` bytes. */
function skip(buffers: readonly Uint8Array[], count: number): Uint8Array[] {
  const rest: Uint8Array[] = []
  let left = count
  for (const buffer of buffers) {
    if (left >= buffer.length) {
      left -= buffer.length
    } else {
      rest.push(left === 0 ? buffer : buffer.subarray(left))
      left = 0
    }
  }
  return rest
}
