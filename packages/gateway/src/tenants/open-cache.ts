import { Drain } from './drain.ts'

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
  /** Where all are in use, or its former one is still being closed, the next one waits for so long, in seconds. */
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

/** That everything is in use that may be open, and enough wait already. */
export class OpenCacheFullError extends Error {
  override readonly name = 'OpenCacheFullError'
}

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
  /** What is waited for, by key, until there is room for it. */
  readonly #arriving = new Map<string, Promise<void>>()
  readonly #now: () => number
  readonly #sweep: NodeJS.Timeout
  #waiting: (() => void)[] = []
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
    const entry = await this.#take(key, options)
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
  async #take(key: string, { passing = false, check }: UseOptions): Promise<Entry<T>> {
    for (;;) {
      if (this.#closed) throw new Error('the cache is closed')
      const there = this.#entries.get(key)
      const closing = this.#closing.get(key)
      if (there !== undefined && there.drain !== null) {
        await there.drain.ended
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
          if (this.#waiting.length > 0 && (this.size < this.#options.openMax || this.#unused() !== null)) this.#wake()
        }
      }
      await (closing === undefined ? this.#arrival(key) : this.#whenClosed(closing))
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
      this.#wake()
    })
    return entry
  }

  #touch(entry: Entry<T>): void {
    entry.usedAt = this.#now()
    this.#entries.delete(entry.key)
    this.#entries.set(entry.key, entry)
  }

  /** Closing waits for what is under way, and that may be an upload that does not end. */
  #whenClosed(closing: Promise<void>): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      const giveUp = (): void => reject(new OpenCacheFullError('it is still being closed'))
      const timer = setTimeout(giveUp, this.#options.waitSecondsMax * 1000)
      void closing.then(() => {
        clearTimeout(timer)
        resolve()
      })
    })
  }

  /** Room for one of this key, however many wait for it: a burst closes one other and not as many as it is. */
  #arrival(key: string): Promise<void> {
    const arriving =
      this.#arriving.get(key) ??
      this.#room().finally(() => {
        this.#arriving.delete(key)
      })
    this.#arriving.set(key, arriving)
    return arriving
  }

  /** Resolves when there may be room: whoever waited looks again. */
  #room(): Promise<void> {
    const unused = this.#unused()
    if (unused !== null) return this.#retire(unused)
    if (this.#waiting.length >= WAITING_MAX) return Promise.reject(new OpenCacheFullError('too many wait for what is open'))
    return new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting = this.#waiting.filter((each) => each !== wake)
        reject(new OpenCacheFullError('everything that may be open is in use'))
      }, this.#options.waitSecondsMax * 1000)
      const wake = (): void => {
        clearTimeout(timer)
        resolve()
      }
      this.#waiting.push(wake)
    })
  }

  #wake(): void {
    this.#waiting.shift()?.()
  }

  #rest(entry: Entry<T>): void {
    const isThere = this.#entries.get(entry.key) === entry
    // It makes room for those who wait, where not enough are being closed for them.
    if (isThere && (entry.worn || !entry.wanted || this.#waiting.length > this.#closing.size)) void this.#retire(entry)
  }

  /** Closes one; its key can be opened again when it is done. Never rejects. */
  #retire(entry: Entry<T>): Promise<void> {
    this.#entries.delete(entry.key)
    entry.drain?.end()
    const closing = this.#close(entry).finally(() => {
      this.#closing.delete(entry.key)
      this.#wake()
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
    for (const wake of this.#waiting.splice(0)) wake()
    await Promise.all(this.#closing.values())
  }
}
