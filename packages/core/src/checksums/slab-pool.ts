/** Large enough that messages and writes cost nothing, small enough to stay in a cache. */
const SLAB_BYTES = 512 * 1024

/** Slabs kept for the next stream. */
const IDLE_SLABS_MAX = 16
/** What a stream has out at the most: three that wait for the thread, and one that is being filled. */
const SLABS_PER_STREAM = 4

/** Memory that we fill, a hash worker reads and a backend writes, all in the same place. */
export interface Slab {
  readonly id: number
  readonly memory: SharedArrayBuffer
  readonly bytes: Uint8Array
  /** Whether the worker knows it by its number. */
  announced: boolean
}

/** What a pool needs to know of the thread that it is for. */
export interface SlabPoolOptions {
  /** Tells the thread that a slab will not come again. */
  readonly forget: (slab: number) => void
  /** How many streams the thread works for. */
  readonly streams: () => number
}

/**
 * The slabs that one thread knows. As many are kept as the streams at work take out and give back in turns: memory that
 * two threads share is freed only once the collectors of both have run, so making it anew each time piles it up.
 */
export class SlabPool {
  readonly #options: SlabPoolOptions
  readonly #idle: Slab[] = []
  #made = 0
  #lent = 0

  constructor(options: SlabPoolOptions) {
    this.#options = options
  }

  /** How many slabs are out. */
  get lent(): number {
    return this.#lent
  }

  take(): Slab {
    this.#lent += 1
    return this.#idle.pop() ?? this.#make()
  }

  /** Nobody reads it any more: not the thread, and not who got its bytes. */
  giveBack(slab: Slab): void {
    if (this.#idle.length >= this.#idleMax()) return this.lose(slab)
    this.#lent -= 1
    this.#idle.push(slab)
  }

  /** Somebody may keep its bytes for good: the thread lets go of it, and it is never used again. */
  lose(slab: Slab): void {
    this.#lent -= 1
    this.#forget(slab)
  }

  /** Lets go of what the streams that are left will not ask for. */
  trim(): void {
    for (const slab of this.#idle.splice(this.#idleMax())) this.#forget(slab)
  }

  #idleMax(): number {
    return Math.max(IDLE_SLABS_MAX, SLABS_PER_STREAM * this.#options.streams())
  }

  #forget(slab: Slab): void {
    if (slab.announced) this.#options.forget(slab.id)
  }

  #make(): Slab {
    this.#made += 1
    const memory = new SharedArrayBuffer(SLAB_BYTES)
    return { id: this.#made, memory, bytes: new Uint8Array(memory), announced: false }
  }
}
