/** A slab holds four chunks of a socket: large enough that messages cost nothing, small enough to stay in a cache. */
const SLAB_BYTES = 256 * 1024
/** One is filled, one is hashed, the others are on their way: 1 MiB a stream. */
const SLABS_PER_STREAM = 4
/** Slabs kept for the next stream. */
const IDLE_SLABS_MAX = 16

/** Memory that goes to hash workers and comes back. */
export class SlabPool {
  /** How many slabs a stream may have under way. */
  readonly perStream: number = SLABS_PER_STREAM
  readonly #idle: ArrayBuffer[] = []
  #lent = 0

  /** How many slabs are out. */
  get lent(): number {
    return this.#lent
  }

  take(): ArrayBuffer {
    this.#lent += 1
    return this.#idle.pop() ?? new ArrayBuffer(SLAB_BYTES)
  }

  giveBack(slab: ArrayBuffer): void {
    this.#lent -= 1
    if (this.#idle.length < IDLE_SLABS_MAX) this.#idle.push(slab)
  }

  /** These went down with their thread. */
  lose(count: number): void {
    this.#lent -= count
  }

  /** Lets go of the idle ones. */
  clear(): void {
    this.#idle.length = 0
  }
}
