import { join } from 'node:path'
import type { Backend, MetadataStore } from '@stowage/core'
import { memoryBackend } from '@stowage/core/backend'
import type { MovableBackend } from '@stowage/core/backend'
import { sqliteMetadata } from '@stowage/core/sqlite'
import { placeBackend } from './place-backend.ts'

/** Where a server keeps what. */
export interface StoreOptions {
  /** Null keeps the bytes in memory, and the metadata in a temporary file that goes with the process. */
  readonly directory: string | null
  /** A `postgres://` URL: metadata is kept there, and only the bytes in the directory. Default: SQLite in the directory. */
  readonly metadata?: string
  /** The schema in that database. Default: the connection's own. */
  readonly schema?: string
  /** A `postgres://` URL of a streaming replica, for reads that may lag a second. Default: every read is the primary's. */
  readonly metadataReplica?: string
  /** Where the bytes are, as `parseBackendLocation` reads it. Default: where they have been so far, at first the directory. */
  readonly bytes?: string
  /** Whether reads may be sent on to the backend, which presigns then. Default false. */
  readonly presigning?: boolean
  /** False: a schema that is not up to date is an error, not brought up to date. Default true. */
  readonly migrate?: boolean
  /** Without a directory: commits on this thread, which starts sooner, and is slower under load. Default false. */
  readonly onThisThread?: boolean
}

/** The stores of one server, not yet open. */
export interface Stores {
  readonly metadata: MetadataStore
  readonly backend: Backend
  /** The same, where its bytes can go elsewhere; null in memory. */
  readonly movable: MovableBackend | null
  /** The directory; null in memory. */
  readonly dataDirectory: string | null
  /** As the option. */
  readonly presigning: boolean
  /** Begins every blob's name. Default ''. */
  readonly blobPrefix?: string
  /** To be called when both are closed. */
  end(): Promise<void>
}

/** The metadata of a data directory without a Postgres. */
export const METADATA_FILE = 'metadata.sqlite'

/** `STOWAGE_METADATA`: an URL with a password does not belong in the list of processes. */
export function metadataFromEnvironment(env: Readonly<Record<string, string | undefined>>): string | undefined {
  const url = env['STOWAGE_METADATA'] ?? ''
  return url === '' ? undefined : url
}

/** `STOWAGE_METADATA_REPLICA`, for the same reason. */
export function replicaFromEnvironment(env: Readonly<Record<string, string | undefined>>): string | undefined {
  const url = env['STOWAGE_METADATA_REPLICA'] ?? ''
  return url === '' ? undefined : url
}

/** Makes the stores of a directory, or of none. Nothing is opened, and nothing on the disk is touched. */
export async function storesOf(options: StoreOptions): Promise<Stores> {
  const { directory, metadata, metadataReplica: replica, schema, migrate = true, onThisThread = false } = options
  if (schema !== undefined && metadata === undefined) throw new Error('--schema goes with --metadata: it names a schema of that database.')
  if (replica !== undefined && metadata === undefined)
    throw new Error('--metadata-replica goes with --metadata: it is a replica of that server.')
  if (metadata !== undefined) return withBackend(await postgresStore(metadata, { schema, migrate, replica }), options)
  const sqlite =
    directory === null
      ? sqliteMetadata({ temporary: true, ...(onThisThread ? { worker: 'inline' as const } : {}) })
      : sqliteMetadata({ file: join(directory, METADATA_FILE), migrate })
  return withBackend({ metadata: sqlite, end: async () => undefined }, options)
}

/** Who only looks says nothing of where bytes are to go. */
function withBackend(
  kept: Pick<Stores, 'metadata' | 'end'>,
  { directory, bytes, presigning = false, migrate = true }: StoreOptions,
): Stores {
  if (directory === null) return { ...kept, backend: memoryBackend(), movable: null, dataDirectory: null, presigning }
  const movable = placeBackend({
    metadata: kept.metadata,
    dataDirectory: directory,
    mayBegin: migrate,
    presigning,
    ...(bytes === undefined ? {} : { wanted: bytes }),
  })
  return { ...kept, backend: movable, movable, dataDirectory: directory, presigning }
}

/** Which schema, and what may be done to it. */
export interface PostgresStoreOptions {
  /** Undefined: the connection's own. */
  readonly schema: string | undefined
  /** As `StoreOptions.migrate`. */
  readonly migrate: boolean
  /** A `postgres://` URL of a streaming replica, for reads. */
  readonly replica?: string | undefined
  /** Opens a store that is not to be served, too. Default false. */
  readonly openMarked?: boolean
}

/** Metadata in Postgres, by its URL, with pools of its own. Nothing is opened. */
export async function postgresStore(url: string, options: PostgresStoreOptions): Promise<Pick<Stores, 'metadata' | 'end'>> {
  // Not loaded where nobody has a Postgres.
  const { openPostgres } = await import('./postgres-pool.ts')
  const { metadataIn, end } = openPostgres(url, options.replica)
  return { metadata: metadataIn(options), end }
}
