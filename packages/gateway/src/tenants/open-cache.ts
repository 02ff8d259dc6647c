import { Drain } from './drain.ts'
import { OpenCacheFullError, Patience } from './patience.ts'
import { WaitingLine } from './waiting-line.ts'

/** What an open cache keeps, and how much of it. */
export interface OpenCacheOptions<T> {
  /** Open at a time at the most, those that are being closed among them. */
  readonly openMax: number
  /** What nobody has used for so long is closed, in seconds. */
  readonly idleSeconds: number
  /** Opens one. What it rejects with is what everybody hears who waits for it, and nobody after them. */
  readonly open: (key: string) => Promise<T>
  /** Closes one; its key is opened again only when that is done. */
  readonly close: (opened: T) => Promise<void>
  /** Where all are in use, or its former one is still being closed, the next one waits for so long altogether, in seconds. */
  readonly waitSecondsMax: number
  /** For one that is worn out and in use, newcomers wait so long, in seconds, that it may come to rest. Default 2. */
  readonly drainSecondsMax?: number
  /** Hears what closing rejected with. */
  readonly onFault: (error: unknown) => void
  /** Milliseconds that only grow. Default: since the process began. */
  readonly now?: () => number
}

/** One use of what is open. */
export interface Lease<T> {
  readonly value: T
  /** To be called when it is over. Calling it twice is fine. */
  readonly release: () => void
}

/** How it is used. */
export interface UseOptions {
  /**
   * For background work: closes it after this use, where it was opened for it and nobody else has come; else it lies as idle as before. Default
   * false.
   */
  readonly passing?: boolean
  /** Asked once there is room for it, however long that took: what this throws it is refused with, and not opened for. Must not wait. */
  readonly check?: () => void
}

interface Entry<T> {
  readonly key: string
  readonly opened: Promise<T>
  uses: number
  usedAt: number
  /** Whether anybody has come who will come again. */
  wanted: boolean
  /** Whether it is to be closed as soon as nobody uses it. */
  worn: boolean
  /** Worn out and in use: newcomers wait for this. */
  drain: Drain | null
  /** How often they have done so in vain. */
  vain: number
}

const DRAIN_SECONDS_MAX = 2
/** Newcomers are kept waiting so often for one use that takes longer. */
const VAIN_MAX = 3
/** Keys that wait for room; more are refused. */
const WAITING_MAX = 10_000
/** How often it is looked what lies idle. */
const SWEEPS = 4

/**
 * Keeps a bounded number of things open that are slow to open, the least recently used of them closed for others. What is in use is never
 * closed for another one: then the next ones wait. Each is opened once, however many ask at once, and never while the former of its key is
 * still being closed.
 */
export class OpenCache<T> {
  readonly #options: OpenCacheOptions<T>
  /** The least recently used first. */
  readonly #entries = new Map<string, Entry<T>>()
  readonly #closing = new Map<string, Promise<void>>()
  /** What is being closed for others, by the key that it makes room for. */
  readonly #leaving = new Map<string, Promise<void>>()
  readonly #line = new WaitingLine()
  readonly #now: () => number
  readonly #sweep: NodeJS.Timeout
  #closed = false

  constructor(options: OpenCacheOptions<T>) {
    this.#options = options
    this.#now = options.now ?? (() => performance.now())
    this.#sweep = setInterval(() => this.sweep(), (options.idleSeconds * 1000) / SWEEPS).unref()
  }

  /** How many are open, or being opened or closed. */
  get size(): number {
    return this.#entries.size + this.#closing.size
  }

  /** Whether one of this key is open, or being opened. */
  has(key: string): boolean {
    return this.#entries.has(key)
  }

  /** Uses the one of this key, opened where it is not. Rejects with what opening did, and with `OpenCacheFullError`. */
  async use(key: string, options: UseOptions = {}): Promise<Lease<T>> {
    const { passing = false } = options
    const patience = new Patience(this.#options.waitSecondsMax)
    const entry = await this.#take(key, options, patience).finally(() => patience.end())
    entry.wanted ||= !passing
    let released = false
    const release = (): void => {
      if (released) return
      released = true
      entry.uses -= 1
      if (!passing) entry.usedAt = this.#now()
      if (entry.uses === 0) this.#rest(entry)
    }
    try {
      return { value: await entry.opened, release }
    } catch (error) {
      release()
      throw error
    }
  }

  /** The one of this key, counted as used: before that nobody else may run. */
  async #take(key: string, { passing = false, check }: UseOptions, patience: Patience): Promise<Entry<T>> {
    for (;;) {
      if (this.#closed) throw new Error('the cache is closed')
      const there = this.#entries.get(key)
      const closing = this.#closing.get(key)
      if (there !== undefined && there.drain !== null) {
        await patience.wait(there.drain.ended, 'it is to be closed, and in use')
        continue
      }
      if (there !== undefined || (closing === undefined && this.size < this.#options.openMax)) {
        try {
          check?.()
          const entry = there ?? this.#open(key)
          entry.uses += 1
          if (!passing) this.#touch(entry)
          return entry
        } finally {
          // There may be room for the next one, too.
          if (this.#line.length > 0 && (this.size < this.#options.openMax || this.#unused() !== null)) this.#line.wake()
        }
      }
      // Closing waits for what is under way, and that may be an upload that does not end.
      await (closing === undefined ? this.#room(key, patience) : patience.wait(closing, 'it is still being closed'))
    }
  }

  /** The one that has lain unused for the longest time. */
  #unused(): Entry<T> | null {
    for (const entry of this.#entries.values()) if (entry.uses === 0) return entry
    return null
  }

  #open(key: string): Entry<T> {
    const opened = this.#options.open(key)
    const entry: Entry<T> = { key, opened, uses: 0, usedAt: this.#now(), wanted: false, worn: false, drain: null, vain: 0 }
    this.#entries.set(key, entry)
    opened.catch(() => {
      // Nothing is open: the next one tries again.
      if (this.#entries.get(key) === entry) this.#entries.delete(key)
      this.#line.wake()
    })
    return entry
  }

  #touch(entry: Entry<T>): void {
    entry.usedAt = this.#now()
    this.#entries.delete(entry.key)
    this.#entries.set(entry.key, entry)
  }

  /** Waits until there may be room for one of this key, and looks again then. However many wait for it, one other is closed, and not as many. */
  async #room(key: string, patience: Patience): Promise<void> {
    const isFirst = !this.#line.has(key)
    const unused = isFirst && !this.#leaving.has(key) ? this.#unused() : null
    if (unused !== null) {
      const gone = this.#retire(unused).finally(() => this.#leaving.delete(key))
      this.#leaving.set(key, gone)
    }
    const leaving = this.#leaving.get(key)
    if (leaving !== undefined) return patience.wait(leaving, 'what makes room for it is still being closed')
    if (isFirst && this.#line.length >= WAITING_MAX) throw new OpenCacheFullError('too many wait for what is open')
    const { woken, leave } = this.#line.join(key)
    await patience.wait(woken, 'everything that may be open is in use', leave)
  }

  #rest(entry: Entry<T>): void {
    const isThere = this.#entries.get(entry.key) === entry
    // It makes room for those who wait, where not enough are being closed for them.
    if (isThere && (entry.worn || !entry.wanted || this.#line.length > this.#closing.size)) void this.#retire(entry)
  }

  /** Closes one; its key can be opened again when it is done. Never rejects. */
  #retire(entry: Entry<T>): Promise<void> {
    this.#entries.delete(entry.key)
    entry.drain?.end()
    const closing = this.#close(entry).finally(() => {
      this.#closing.delete(entry.key)
      this.#line.wake()
    })
    this.#closing.set(entry.key, closing)
    return closing
  }

  async #close({ opened }: Entry<T>): Promise<void> {
    const value = await opened.catch(() => null)
    if (value === null) return
    try {
      await this.#options.close(value)
    } catch (error) {
      this.#options.onFault(error)
    }
  }

  /**
   * Has the one of this key closed as soon as nobody uses it, and opened anew for whoever comes then. Newcomers wait for that, so that it comes
   * under steady use, too; where one use takes longer, they use what there is until this is called again. With `evenInUse`, one that they have
   * waited for three times is closed as it is: it works no more.
   */
  wearOut(key: string, { evenInUse = false }: { readonly evenInUse?: boolean } = {}): void {
    const entry = this.#entries.get(key)
    if (entry === undefined) return
    entry.worn = true
    if (entry.uses === 0) void this.#retire(entry)
    else entry.drain ??= this.#drain(entry, evenInUse)
  }

  #drain(entry: Entry<T>, evenInUse: boolean): Drain {
    return new Drain(this.#options.drainSecondsMax ?? DRAIN_SECONDS_MAX, () => {
      if (evenInUse) entry.vain += 1
      if (entry.vain >= VAIN_MAX) void this.#retire(entry)
      entry.drain?.end()
      entry.drain = null
    })
  }

  /** Closes the one of this key, in use or not; closing it waits for what it must. Resolves when it is closed. */
  async evict(key: string): Promise<void> {
    const entry = this.#entries.get(key)
    if (entry !== undefined) await this.#retire(entry)
    else await this.#closing.get(key)
  }

  /** Closes what has lain idle. Called in intervals. */
  sweep(): void {
    const before = this.#now() - this.#options.idleSeconds * 1000
    for (const entry of this.#entries.values()) {
      if (entry.uses === 0 && entry.usedAt <= before) void this.#retire(entry)
    }
  }

  /** Closes all of them, and opens no others. */
  async close(): Promise<void> {
    this.#closed = true
    clearInterval(this.#sweep)
    for (const entry of this.#entries.values()) void this.#retire(entry)
    this.#line.wakeAll()
    await Promise.all(this.#closing.values())
  }
}
