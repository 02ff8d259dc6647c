/** The sizes that are pooled, in bytes, smallest first. A larger one is out of the core's cache before the socket has taken it. */
const SIZES = [64 * 1024, 256 * 1024, 512 * 1024] as const

/**
 * Memory for reads, used again: a fresh MiB costs 256 page faults, more than reading it from the page cache. Keeps at
 * most `sizeMax` bytes of idle memory; what is out is the readers' matter.
 */
export class BufferPool {
  readonly #sizeMax: number
  readonly #idle = new Map<number, Buffer[]>(SIZES.map((size) => [size, []]))
  #idleSize = 0

  constructor(sizeMax: number) {
    this.#sizeMax = sizeMax
  }

  /** Bytes that wait to be used again. */
  get idleSize(): number {
    return this.#idleSize
  }

  /** Memory for reading `length` bytes that follow each other: for as many of them as one read should bring. */
  take(length: number): Buffer {
    if (length < SIZES[0]) return Buffer.allocUnsafeSlow(length)
    const size = SIZES.findLast((size) => size <= length) ?? SIZES[0]
    const buffer = this.#idle.get(size)?.pop()
    if (buffer === undefined) return Buffer.allocUnsafeSlow(size)
    this.#idleSize -= size
    return buffer
  }

  /** Takes back what `take` gave. Memory of other sizes, memory moved to another thread and what is too much is let go. */
  give(buffer: Buffer): void {
    const size = buffer.byteLength
    const idle = this.#idle.get(size)
    if (idle === undefined || this.#idleSize + size > this.#sizeMax) return
    idle.push(buffer)
    this.#idleSize += size
  }

  /** Lets go of all idle memory. */
  clear(): void {
    for (const idle of this.#idle.values()) idle.length = 0
    this.#idleSize = 0
  }
}
