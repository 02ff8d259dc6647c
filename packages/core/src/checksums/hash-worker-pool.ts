import { availableParallelism } from 'node:os'
import type { Worker } from 'node:worker_threads'
import { startWorker } from '../util/worker-source.ts'
import type { WorkerSource } from '../util/worker-source.ts'
import type { DigestAlgorithm } from './checksum-algorithm.ts'
import { HashStream } from './hash-stream.ts'
import { HashThread } from './hash-thread.ts'

/** How many threads hash, and what they run. */
export interface HashWorkerPoolOptions {
  /** How many threads at the most; 0 hashes inline. Default: one less than the machine has cores, at most 4. */
  readonly threadsMax?: number
  /** Where the worker's code comes from; a bundle must say so. Default: the file beside this one. */
  readonly worker?: WorkerSource
}

const THREADS_MAX = 4
/** A stream holds 2 to 3 MiB, what the backend writes among it; more streams than this hash inline rather than take more memory. */
const STREAMS_PER_THREAD_MAX = 32
/** A worker that cannot start, or dies again and again, is not tried for ever. */
const DEATHS_MAX = 3

/** Threads that hash, as an engine uses them. */
export type HashWorkers = Pick<HashWorkerPool, 'open' | 'close'>

/**
 * Threads that hash, because MD5 at 0.8 GB/s would otherwise be all that the main thread does. Optional by nature: what
 * it cannot take (not started yet, too many streams, closed, no worker file) is hashed inline, with the same result.
 *
 * Threads start when they are first needed, one more whenever all are busy. They keep the process alive only while
 * somebody waits for a hash.
 *
 * Several engines may share one (`openEngine({ hashWorkers })`): they leave it open, and its maker closes it.
 */
export class HashWorkerPool {
  readonly #threadsMax: number
  readonly #worker: WorkerSource | undefined
  readonly #threads = new Set<HashThread>()
  #streams = 0
  #deaths = 0
  #closed = false

  constructor(options: HashWorkerPoolOptions = {}) {
    const threads = options.threadsMax ?? Math.min(THREADS_MAX, availableParallelism() - 1)
    this.#threadsMax = options.worker === 'inline' ? 0 : threads
    this.#worker = options.worker
  }

  /** Threads that live, and slabs that are with them or their streams. */
  get usage(): { readonly threads: number; readonly streams: number; readonly slabs: number } {
    let streams = 0
    let slabs = 0
    for (const thread of this.#threads) {
      streams += thread.streams
      slabs += thread.slabs.lent
    }
    return { threads: this.#threads.size, streams, slabs }
  }

  /** Starts a thread ahead of the first body. Resolves to whether there is one: false is no fault, hashing is inline then. */
  async start(): Promise<boolean> {
    if (this.#threads.size === 0) this.#startThread()
    const [thread] = this.#threads
    return thread === undefined ? false : thread.started
  }

  /** The same threads for one of several engines, which does not stop them when it is closed. */
  lend(): HashWorkers {
    return { open: (algorithms) => this.open(algorithms), close: () => Promise.resolve() }
  }

  /** Takes on a body, or returns null: then hash inline. */
  open(algorithms: readonly DigestAlgorithm[]): HashStream | null {
    const thread = this.#idlest()
    // Not waited for: the body that finds all busy is served by what is there.
    if (thread === undefined || thread.streams > 0) this.#startThread()
    if (thread === undefined || thread.streams >= STREAMS_PER_THREAD_MAX) return null
    this.#streams += 1
    return new HashStream({ id: this.#streams, thread, algorithms })
  }

  /** Stops the threads; a body that is under way fails as when its thread had died. Calling it twice is fine. */
  async close(): Promise<void> {
    this.#closed = true
    await Promise.all([...this.#threads].map((thread) => thread.close()))
  }

  #idlest(): HashThread | undefined {
    let idlest: HashThread | undefined
    for (const thread of this.#threads) {
      if (thread.ready && (idlest === undefined || thread.streams < idlest.streams)) idlest = thread
    }
    return idlest
  }

  #startThread(): void {
    if (this.#closed || this.#threads.size >= this.#threadsMax || this.#deaths >= DEATHS_MAX) return
    // One at a time: a burst of bodies is no reason for four.
    if ([...this.#threads].some((thread) => !thread.ready)) return
    const worker = this.#makeWorker()
    if (worker === null) return
    const thread = new HashThread(worker, () => {
      this.#threads.delete(thread)
      if (!this.#closed) this.#deaths += 1
    })
    this.#threads.add(thread)
  }

  #makeWorker(): Worker | null {
    try {
      return startWorker(this.#worker, new URL('./hash-worker.js', import.meta.url), { name: 'stowage-hash' })
    } catch {
      // A URL or a factory that is wrong at once is as good as a worker that dies: the bytes are hashed all the same.
      this.#deaths += 1
      return null
    }
  }
}
