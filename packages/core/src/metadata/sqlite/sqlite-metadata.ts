import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { StorageError } from '../../errors/storage-error.ts'
import { systemClock } from '../../util/clock.ts'
import type { Clock } from '../../util/clock.ts'
import type { WorkerSource } from '../../util/worker-source.ts'
import type { MetadataStore } from '../metadata-store.ts'
import type { OnStatement } from '../sql/sql-driver.ts'
import { SqlMetadataStore } from '../sql/sql-metadata-store.ts'
import { makeDirectory } from './make-directory.ts'
import { InlineWriter } from './inline-writer.ts'
import { SqliteDriver } from './sqlite-driver.ts'
import type { SqliteDriverOptions } from './sqlite-driver.ts'
import { SIZES } from './sqlite-connection.ts'
import type { SqliteSizes } from './sqlite-connection.ts'
import { sqliteWriters } from './sqlite-writers.ts'
import type { SqliteWriters } from './sqlite-writers.ts'
import { ThreadWriter } from './thread-writer.ts'

/** Where a SQLite metadata store lives, and how. Exactly one of `file` and `temporary`. */
export interface SqliteMetadataOptions {
  /** The database; made where it is not there, and so is its directory (0700). `FILE-wal`, `FILE-shm` and `FILE.lock` lie beside it. */
  readonly file?: string
  /** The ordinary store in a private directory that is removed at close; nothing survives a crash. */
  readonly temporary?: true
  /**
   * What an acknowledged command survives: `'power-cut'` (the default), a power cut; `'process'`, a crash of the process only,
   * for those who say so.
   */
  readonly durability?: 'power-cut' | 'process'
  /**
   * False makes no directory, looks, and changes nothing of the schema: where it is not up to date, `open()` rejects with `SchemaTooOld`. For those who
   * administer what others serve. Default true.
   */
  readonly migrate?: boolean
  /** Opens a store that has a `StoreMark` as well: one that is not to be served. Default false. */
  readonly openMarked?: boolean
  /** Where the code of the writer thread comes from. Default: the file beside ours. */
  readonly worker?: WorkerSource
  /** Threads that this store shares with others. Default: one of its own. Not with `worker`. */
  readonly writers?: SqliteWriters
  /**
   * Memory for pages of the file, in bytes, for each of its two connections; what is not in it comes from the system's cache. At least 64 KiB.
   * Default 8 MiB: less where many stores are open.
   */
  readonly cacheSizeMax?: number
  /** How large the write-ahead log stays on the disk, in bytes, while the store is open. At least 1 MiB. Default 256 MiB. */
  readonly walSizeMax?: number
  /** The store's time: grace, leases, retention. Default: the system's clock. */
  readonly clock?: Clock
  /** For tests: called before each statement of an inline writer; what it throws counts as a fault of the database. */
  readonly onStatement?: OnStatement
}

const FIELDS: ReadonlySet<string> = new Set([
  'file',
  'temporary',
  'durability',
  'migrate',
  'openMarked',
  'worker',
  'writers',
  'cacheSizeMax',
  'walSizeMax',
  'clock',
  'onStatement',
])
const CACHE_SIZE_MIN = 64 * 1024
const WAL_SIZE_MIN = 1024 ** 2

/** The embedded metadata store: one SQLite file, owned by this process. Nothing happens before `open()`. */
export function sqliteMetadata(options: SqliteMetadataOptions): MetadataStore {
  const { file, temporary = false, migrate = true, openMarked = false, worker, onStatement, clock = systemClock } = options
  for (const field of Object.keys(options)) if (!FIELDS.has(field)) throw new TypeError(`sqliteMetadata: unknown option '${field}'`)
  if ((file === undefined) !== temporary) throw new TypeError('sqliteMetadata: give either file or temporary: true')
  if (onStatement !== undefined && worker !== 'inline') throw new TypeError("sqliteMetadata: onStatement needs worker: 'inline'")
  if (worker !== undefined && options.writers !== undefined) throw new TypeError('sqliteMetadata: give either worker or writers')
  const sizes = sizesOf(options)
  const durability = temporary ? 'none' : options.durability === 'process' ? 'process' : 'full'
  const now = (): number => clock().getTime()
  const writers =
    worker === 'inline'
      ? null
      : (options.writers ?? sqliteWriters({ threadsMax: 1, idleSeconds: 0, ...(worker === undefined ? {} : { worker }) }))
  const driver: SqliteDriverOptions = {
    now,
    sizes,
    place: () => (file === undefined ? temporaryPlace() : keptPlace(file, migrate)),
    writer: (path) => {
      const settings = { file: path, durability, migrate, sizes } as const
      if (writers === null) return new InlineWriter({ settings, now, onStatement })
      return new ThreadWriter({ settings, now, thread: () => writers.threadForNext() })
    },
  }
  return new SqlMetadataStore(new SqliteDriver(driver), { openMarked })
}

function sizesOf({ cacheSizeMax = SIZES.cacheSizeMax, walSizeMax = SIZES.walSizeMax }: SqliteMetadataOptions): SqliteSizes {
  if (!(cacheSizeMax >= CACHE_SIZE_MIN)) throw new TypeError(`sqliteMetadata: cacheSizeMax is at least ${CACHE_SIZE_MIN} bytes`)
  if (!(walSizeMax >= WAL_SIZE_MIN)) throw new TypeError(`sqliteMetadata: walSizeMax is at least ${WAL_SIZE_MIN} bytes`)
  return { cacheSizeMax, walSizeMax }
}

async function keptPlace(file: string, mayMake: boolean): ReturnType<SqliteDriverOptions['place']> {
  if (mayMake) await makeDirectory(dirname(file)).catch((error: unknown) => refuse(error))
  return { file, remove: () => Promise.resolve() }
}

function refuse(error: unknown): never {
  throw new StorageError('StoreUnavailable', { store: 'sqlite', reason: 'the directory of the database cannot be made' }, { cause: error })
}

async function temporaryPlace(): ReturnType<SqliteDriverOptions['place']> {
  const directory = await mkdtemp(join(tmpdir(), 'stowage-'))
  return { file: join(directory, 'metadata.sqlite'), remove: () => rm(directory, { recursive: true, force: true }) }
}
