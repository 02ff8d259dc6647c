import { WriterThread } from './writer-thread.ts'
import type { ThreadSource } from './writer-thread.ts'

/** How many threads write, and what they run. */
export interface SqliteWritersOptions {
  /** How many threads at the most, 1 to 64. Default 4. */
  readonly threadsMax?: number
  /** A thread without files ends after so long, in seconds; starting one takes longer than opening a file. Default 30. */
  readonly idleSeconds?: number
  /** Where the code of the writer threads comes from. Default: the file beside ours. */
  readonly worker?: ThreadSource
}

const THREADS_MAX = 4
const IDLE_SECONDS = 30
const IDLE_SECONDS_MAX = 86_400
/** A thread takes some 10 MiB, and waits for the disk most of the time: more than this write no faster. */
const THREADS_MAX_MAX = 64

const FIELDS: ReadonlySet<string> = new Set(['threadsMax', 'idleSeconds', 'worker'])

/**
 * Threads that write the files of many stores, for `sqliteMetadata({ file, writers })`. They start when they are needed and end when they have
 * had no files for a while, so there is nothing to close.
 *
 * A file stays with one thread while it is open. There files take turns, a bounded group of commands each: one that is flooded keeps the
 * others waiting for one group, and the fsync behind it, at a time. Opening a file that is new, or of an older release, makes its tables
 * meanwhile. A thread that dies takes its files with it: the outcome of what was under way is unknown (`OutcomeUnknown`), the stores
 * answer `StoreUnavailable` until they are closed and opened again, and that starts another thread.
 */
export class SqliteWriters {
  readonly #threadsMax: number
  readonly #source: ThreadSource | undefined
  readonly #idleMs: number
  #threads: WriterThread[] = []

  constructor({ threadsMax, idleSeconds, worker }: SqliteWritersOptions) {
    this.#threadsMax = threadsMax ?? THREADS_MAX
    this.#idleMs = (idleSeconds ?? IDLE_SECONDS) * 1000
    this.#source = worker
  }

  /** Threads that live, and the files that they have open. */
  get usage(): { readonly threads: number; readonly files: number } {
    this.#threads = this.#threads.filter(({ isOpen }) => isOpen)
    return { threads: this.#threads.length, files: this.#threads.reduce((sum, { files }) => sum + files, 0) }
  }

  /** The thread for a file that is about to be opened: a new one while there may be more, else that with the fewest files. For stores. */
  threadForNext(): WriterThread {
    const { threads } = this.usage
    const idlest = this.#threads.toSorted((one, other) => one.files - other.files)[0]
    if (idlest !== undefined && (idlest.files === 0 || threads >= this.#threadsMax)) return idlest
    const thread = new WriterThread(this.#source, this.#idleMs)
    this.#threads.push(thread)
    return thread
  }
}

/** Makes threads that stores share. Throws for options that are none; starts nothing yet. */
export function sqliteWriters(options: SqliteWritersOptions = {}): SqliteWriters {
  for (const field of Object.keys(options)) if (!FIELDS.has(field)) throw new TypeError(`sqliteWriters: unknown option '${field}'`)
  const { threadsMax = THREADS_MAX, idleSeconds = IDLE_SECONDS } = options
  if (!Number.isInteger(threadsMax) || threadsMax < 1 || threadsMax > THREADS_MAX_MAX) {
    throw new TypeError(`sqliteWriters: threadsMax is a whole number from 1 to ${THREADS_MAX_MAX}`)
  }
  if (!(idleSeconds >= 0 && idleSeconds <= IDLE_SECONDS_MAX)) {
    throw new TypeError(`sqliteWriters: idleSeconds is a number from 0 to ${IDLE_SECONDS_MAX}`)
  }
  return new SqliteWriters(options)
}
