import { createHash } from 'node:crypto'
import type { StorageError } from '../errors/storage-error.ts'
import { assert } from '../util/assert.ts'
import type { HashReply } from './hash-messages.ts'
import type { HashListener, HashThread } from './hash-thread.ts'
import type { SlabPool } from './slab-pool.ts'

interface Waiter<T> {
  resolve(value: T): void
  reject(error: unknown): void
}

/** What a stream is made from. */
export interface HashStreamParts {
  readonly id: number
  readonly thread: HashThread
  readonly slabs: SlabPool
  /** Names in node:crypto. */
  readonly names: readonly string[]
}

/**
 * The hashes of one body, computed on another thread. Bytes are copied into slabs, so the chunks stay the caller's and
 * can be written to disk meanwhile. At most `SLABS_PER_STREAM` slabs are under way: then `write` waits.
 *
 * A body that ends within its first slab never leaves this thread: the way there and back costs more than the hash.
 */
export class HashStream implements HashListener {
  readonly #parts: HashStreamParts
  #slab: ArrayBuffer | null = null
  #bytes = new Uint8Array()
  #filled = 0
  #underWay = 0
  #started = false
  #over = false
  #failure: StorageError | null = null
  #room: Waiter<void> | null = null
  #result: Waiter<readonly Buffer[]> | null = null

  constructor(parts: HashStreamParts) {
    this.#parts = parts
    parts.thread.add(parts.id, this)
  }

  /** Takes the bytes: at once, or when the promise resolves. Not to be called again before that. */
  write(bytes: Uint8Array): Promise<void> | undefined {
    const rest = this.#copy(bytes)
    return rest.length === 0 ? undefined : this.#writeSlowly(rest)
  }

  /** The hashes, in the order of the names. Called once, after the last `write`. */
  async digests(): Promise<readonly Buffer[]> {
    if (this.#failure !== null) throw this.#failure
    assert(!this.#over, 'a hash stream is over')
    this.#over = true
    if (!this.#started) return this.#digestHere()
    return new Promise((resolve, reject) => {
      this.#result = { resolve, reject }
      this.#send('digest')
    })
  }

  /** Nobody wants the hashes any more. The slabs go back, those under way when the thread has let go of them. */
  abort(): void {
    if (this.#over || this.#failure !== null) return
    this.#over = true
    if (this.#started) this.#send('abort')
    else this.#leave()
  }

  reply(message: NonNullable<HashReply>): void {
    if (message.slab !== undefined) {
      this.#underWay -= 1
      this.#parts.slabs.giveBack(message.slab)
      this.#room?.resolve()
      this.#room = null
    }
    if (message.digests !== undefined) this.#result?.resolve(message.digests.map((digest) => Buffer.from(digest)))
  }

  fail(error: StorageError<'BackendUnavailable'>): void {
    this.#failure = error
    this.#parts.slabs.lose(this.#underWay)
    this.#dropSlab()
    this.#room?.reject(error)
    this.#result?.reject(error)
  }

  /** Copies what there is room for; returns the rest. */
  #copy(bytes: Uint8Array): Uint8Array {
    if (this.#failure !== null) throw this.#failure
    assert(!this.#over, 'a hash stream is over')
    let rest = bytes
    while (rest.length > 0 && this.#takeSlab()) {
      const room = this.#bytes.length - this.#filled
      const head = rest.length > room ? rest.subarray(0, room) : rest
      this.#bytes.set(head, this.#filled)
      this.#filled += head.length
      if (this.#filled === this.#bytes.length) this.#send()
      rest = rest.subarray(head.length)
    }
    return rest
  }

  async #writeSlowly(bytes: Uint8Array): Promise<void> {
    for (let rest = bytes; rest.length > 0; rest = this.#copy(rest)) {
      // A reply may have made room since.
      if (this.#underWay < this.#parts.slabs.perStream) continue
      await new Promise<void>((resolve, reject) => {
        this.#room = { resolve, reject }
      })
      // Aborted meanwhile: nobody waits for these bytes.
      if (this.#over) return
    }
  }

  #takeSlab(): boolean {
    if (this.#slab !== null) return true
    if (this.#underWay >= this.#parts.slabs.perStream) return false
    this.#slab = this.#parts.slabs.take()
    this.#bytes = new Uint8Array(this.#slab)
    this.#filled = 0
    return true
  }

  #send(end?: 'digest' | 'abort'): void {
    const { id, thread, names } = this.#parts
    const slab = this.#slab
    const start = this.#started ? {} : { start: names }
    this.#started = true
    this.#slab = null
    if (slab !== null) this.#underWay += 1
    thread.send({ stream: id, ...start, ...(slab === null ? {} : { slab }), length: this.#filled, ...(end === undefined ? {} : { end }) })
  }

  #digestHere(): readonly Buffer[] {
    const bytes = this.#bytes.subarray(0, this.#filled)
    const digests = this.#parts.names.map((name) => createHash(name).update(bytes).digest())
    this.#leave()
    return digests
  }

  #leave(): void {
    this.#dropSlab()
    this.#parts.thread.remove(this.#parts.id)
  }

  #dropSlab(): void {
    if (this.#slab !== null) this.#parts.slabs.giveBack(this.#slab)
    this.#slab = null
  }
}
