import type { Worker } from 'node:worker_threads'
import { StorageError } from '../errors/storage-error.ts'
import type { ForgetSlab, HashReply, HashRequest } from './hash-messages.ts'
import { SlabPool } from './slab-pool.ts'

/** What a thread tells the stream it works for. */
export interface HashListener {
  reply(message: NonNullable<HashReply>): void
  /** The thread has died and the hash with it. */
  fail(error: StorageError<'BackendUnavailable'>): void
}

/** One worker thread from our side: who waits for it, and whether it keeps the process alive. */
export class HashThread {
  readonly #worker: Worker
  readonly #listeners = new Map<number, HashListener>()
  /** The memory it shares with us; gone with it. */
  readonly slabs: SlabPool = new SlabPool({
    forget: (slab) => this.#post({ forget: slab }),
    streams: () => this.#listeners.size,
  })
  #state: 'starting' | 'ready' | 'dead' = 'starting'
  #closing = false
  /** Resolves when the thread takes requests (true), or never will (false). */
  readonly started: Promise<boolean>

  constructor(worker: Worker, onDeath: () => void) {
    this.#worker = worker
    this.started = new Promise((resolve) => {
      worker.on('message', (message: HashReply) => {
        if (message === null) {
          this.#state = 'ready'
          this.#rest()
          resolve(true)
        } else this.#deliver(message)
      })
      const die = (cause: unknown): void => {
        if (this.#state !== 'dead') this.#die(cause, onDeath)
        resolve(false)
      }
      worker.on('error', die)
      worker.on('messageerror', die)
      worker.on('exit', (code) => die(new Error(`the hash worker left with code ${code}`)))
    })
  }

  get ready(): boolean {
    return this.#state === 'ready'
  }

  /** How many streams it works for. */
  get streams(): number {
    return this.#listeners.size
  }

  /** Work keeps the process alive: someone waits for the digest. */
  add(stream: number, listener: HashListener): void {
    if (this.#listeners.size === 0) this.#worker.ref()
    this.#listeners.set(stream, listener)
  }

  remove(stream: number): void {
    this.#listeners.delete(stream)
    this.slabs.trim()
    this.#rest()
  }

  send(request: HashRequest): void {
    this.#post(request)
  }

  /** Keeps the process alive until the thread has stopped: somebody waits for that. */
  async close(): Promise<void> {
    this.#closing = true
    await this.#worker.terminate()
  }

  #post(message: HashRequest | ForgetSlab): void {
    this.#worker.postMessage(message, [])
  }

  /** An idle thread never keeps the process alive. */
  #rest(): void {
    if (this.#listeners.size === 0 && !this.#closing) this.#worker.unref()
  }

  #deliver(message: NonNullable<HashReply>): void {
    const listener = this.#listeners.get(message.stream)
    if (message.digests !== undefined) this.remove(message.stream)
    listener?.reply(message)
  }

  #die(cause: unknown, onDeath: () => void): void {
    this.#state = 'dead'
    const listeners = [...this.#listeners.values()]
    this.#listeners.clear()
    onDeath()
    for (const listener of listeners) {
      const details = { backend: 'hash worker', operation: 'hash' }
      listener.fail(new StorageError('BackendUnavailable', details, { cause, retryable: true, message: 'A hash worker has stopped' }))
    }
    void this.#worker.terminate()
  }
}
