/** Large enough that messages and writes cost nothing, small enough to stay in a cache. */
const SLAB_BYTES = 512 * 1024

/** Slabs kept for the next stream. */
const IDLE_SLABS_MAX = 16

/** Memory that we fill, a hash worker reads and a backend writes, all in the same place. */
export interface Slab {
  readonly id: number
  readonly memory: SharedArrayBuffer
  readonly bytes: Uint8Array
  /** Whether the worker knows it by its number. */
  announced: boolean
}

/** The slabs that one thread knows. */
export class SlabPool {
  readonly #forget: (slab: number) => void
  readonly #idle: Slab[] = []
  #made = 0
  #lent = 0

  /** `forget` tells the thread that a slab will not come again. */
  constructor(forget: (slab: number) => void) {
    this.#forget = forget
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
    if (this.#idle.length >= IDLE_SLABS_MAX) return this.lose(slab)
    this.#lent -= 1
    this.#idle.push(slab)
  }

  /** Somebody may keep its bytes for good: the thread lets go of it, and it is never used again. */
  lose(slab: Slab): void {
    this.#lent -= 1
    if (slab.announced) this.#forget(slab.id)
  }

  #make(): Slab {
    this.#made += 1
    const memory = new SharedArrayBuffer(SLAB_BYTES)
    return { id: this.#made, memory, bytes: new Uint8Array(memory), announced: false }
  }
}
