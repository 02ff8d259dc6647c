import type { StorageError } from '../errors/storage-error.ts'
import { assert } from '../util/assert.ts'
import type { DigestAlgorithm } from './checksum-algorithm.ts'
import type { HashReply } from './hash-messages.ts'
import type { HashListener, HashThread } from './hash-thread.ts'
import { checksumOf } from './running-checksum.ts'
import type { Slab } from './slab-pool.ts'

/** One is hashed, the others wait for it; one more is being filled. */
const SLABS_UNDER_WAY_MAX = 3

/** A reader that has so many slabs has not given back any, and will not. */
const SLABS_LENT_MAX = 8

/** What a stream is made from. */
export interface HashStreamParts {
  readonly id: number
  readonly thread: HashThread
  readonly algorithms: readonly DigestAlgorithm[]
}

/**
 * The digests of one body, computed on another thread. The bytes are gathered in slabs that both threads see; each full
 * slab goes to the thread and to the reader of the body at once, and is used again when both have done with it. A slab
 * that the reader does not give back is the reader's for good.
 *
 * At most `SLABS_UNDER_WAY_MAX` slabs wait for the thread: then there is no `room`. A body that ends within its first
 * slab never goes to the thread: the way there and back costs more than the hash.
 */
export class HashStream implements HashListener {
  readonly #parts: HashStreamParts
  readonly #underWay = new Map<number, Slab>()
  /** What the reader has, oldest first. */
  readonly #lent = new Map<Uint8Array, Slab>()
  /** What the reader will not give back, and the thread still reads. */
  readonly #lost = new Set<Slab>()
  #slab: Slab | null = null
  #filled = 0
  #state: 'new' | 'started' | 'ended' | 'aborted' = 'new'
  #failure: StorageError | null = null
  #wake: (() => void) | null = null
  #digests: readonly Buffer[] | null = null

  constructor(parts: HashStreamParts) {
    this.#parts = parts
    parts.thread.add(parts.id, this)
  }

  /** Copies as many of the bytes as there is room for; says how many. None: wait for `change`. */
  fill(bytes: Uint8Array): number {
    this.#check()
    if (this.#slab === null) {
      if (this.#underWay.size >= SLABS_UNDER_WAY_MAX) return 0
      this.#slab = this.#parts.thread.slabs.take()
      this.#filled = 0
    }
    const room = this.#slab.bytes.length - this.#filled
    const head = bytes.length > room ? bytes.subarray(0, room) : bytes
    copy(head, this.#slab.bytes, this.#filled)
    this.#filled += head.length
    return head.length
  }

  /** The slab, when it is full: on its way to the thread, and lent to the reader, who must not write to it. */
  takeFull(): Uint8Array | null {
    if (this.#slab === null || this.#filled < this.#slab.bytes.length) return null
    return this.#send()
  }

  /** The body has ended: what is left of it, lent as by `takeFull`. */
  end(): Uint8Array | null {
    this.#check()
    if (this.#state === 'new') return this.#digestHere()
    return this.#send('digest')
  }

  /** Resolves at the next answer of the thread, and when the stream is given up; rejects with nothing. */
  async change(): Promise<void> {
    if (this.#failure !== null || this.#state === 'aborted') return
    await new Promise<void>((resolve) => {
      this.#wake = resolve
    })
  }

  /** The digests, in the order of the algorithms. Called once, after `end`, when the reader has given back what it gives back. */
  async digests(): Promise<readonly Buffer[]> {
    assert(this.#state === 'ended', 'the body has not ended')
    while (this.#digests === null) {
      if (this.#failure !== null) throw this.#failure
      await this.change()
    }
    this.#loseLent()
    return this.#digests
  }

  /** Nobody wants the digests any more. The slabs go back, those under way when the thread has let go of them. */
  abort(): void {
    if (this.#state === 'aborted' || this.#failure !== null) return
    const { id, thread } = this.#parts
    if (this.#state === 'started') thread.send({ stream: id, length: 0, end: 'abort' })
    if (this.#state === 'new') thread.remove(id)
    this.#state = 'aborted'
    if (this.#slab !== null) thread.slabs.giveBack(this.#slab)
    this.#slab = null
    this.#loseLent()
    this.#woken()
  }

  /** Takes back what was lent. Anything else is ignored. */
  release(chunk: Uint8Array): void {
    const slab = this.#lent.get(chunk)
    if (slab === undefined) return
    this.#lent.delete(chunk)
    this.#settle(slab)
  }

  reply(message: NonNullable<HashReply>): void {
    const slab = message.slab === undefined ? undefined : this.#underWay.get(message.slab)
    if (slab !== undefined) {
      this.#underWay.delete(slab.id)
      this.#settle(slab)
    }
    if (message.digests !== undefined) this.#digests = message.digests.map((digest) => Buffer.from(digest))
    this.#woken()
  }

  fail(error: StorageError<'BackendUnavailable'>): void {
    // The slabs went down with the thread's pool; the reader may go on reading what it has.
    this.#failure = error
    this.#slab = null
    this.#underWay.clear()
    this.#lent.clear()
    this.#woken()
  }

  #check(): void {
    if (this.#failure !== null) throw this.#failure
    assert(this.#state === 'new' || this.#state === 'started', 'a hash stream is over')
  }

  #send(end?: 'digest'): Uint8Array | null {
    const { id, thread, algorithms } = this.#parts
    const slab = this.#slab
    const start = this.#state === 'new' ? { start: algorithms } : {}
    const last = end === undefined ? {} : { end }
    this.#state = end === undefined ? 'started' : 'ended'
    if (slab === null) {
      thread.send({ stream: id, ...start, length: 0, ...last })
      return null
    }
    const memory = slab.announced ? {} : { memory: slab.memory }
    slab.announced = true
    this.#underWay.set(slab.id, slab)
    thread.send({ stream: id, ...start, slab: slab.id, ...memory, length: this.#filled, ...last })
    return this.#lend(slab)
  }

  #lend(slab: Slab): Uint8Array {
    this.#slab = null
    // A view of its own each time: a chunk that is given back twice must not give back what is lent anew.
    const chunk = Buffer.from(slab.memory, 0, this.#filled)
    this.#lent.set(chunk, slab)
    if (this.#lent.size > SLABS_LENT_MAX) {
      const [oldest] = this.#lent
      if (oldest !== undefined) this.#lose(...oldest)
    }
    return chunk
  }

  #digestHere(): Uint8Array | null {
    const { id, thread, algorithms } = this.#parts
    const bytes = this.#slab?.bytes.subarray(0, this.#filled) ?? new Uint8Array()
    this.#digests = algorithms.map((algorithm) => checksumOf(algorithm, bytes))
    this.#state = 'ended'
    thread.remove(id)
    return this.#slab === null ? null : this.#lend(this.#slab)
  }

  #loseLent(): void {
    for (const [chunk, slab] of this.#lent) this.#lose(chunk, slab)
  }

  #lose(chunk: Uint8Array, slab: Slab): void {
    this.#lent.delete(chunk)
    this.#lost.add(slab)
    this.#settle(slab)
  }

  /** Either the reader or the thread has done with it. */
  #settle(slab: Slab): void {
    if (this.#underWay.has(slab.id)) return
    if (this.#lost.delete(slab)) this.#parts.thread.slabs.lose(slab)
    else if (!this.#isLent(slab)) this.#parts.thread.slabs.giveBack(slab)
  }

  #isLent(slab: Slab): boolean {
    for (const lent of this.#lent.values()) if (lent === slab) return true
    return false
  }

  #woken(): void {
    this.#wake?.()
    this.#wake = null
  }
}

/**
 * `set` copies into shared memory in steps of one word, and so does `Buffer.copy` of the whole; for a part, Node.js 24
 * leaves it to the C library, which is five times as fast. So all but the last byte are a part.
 */
function copy(from: Uint8Array, to: Uint8Array, at: number): void {
  if (from.length === 0) return
  const last = from.length - 1
  const source = Buffer.isBuffer(from) ? from : Buffer.from(from.buffer, from.byteOffset, from.byteLength)
  source.copy(to, at, 0, last)
  to.set(from.subarray(last), at + last)
}
