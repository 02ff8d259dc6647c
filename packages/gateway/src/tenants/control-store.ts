import { access } from 'node:fs/promises'
import { join } from 'node:path'
import { ALWAYS } from '@stowage/core'
import type { MetadataStore } from '@stowage/core'
import { sqliteMetadata } from '@stowage/core/sqlite'
import type { SqliteWriters } from '@stowage/core/sqlite'
import type { PostgresDatabase } from '../stores/postgres-pool.ts'
import { METADATA_FILE } from '../stores/stores.ts'
import { CONTROL_FILE } from '../stores/tenant-store.ts'
import { readTenantMark } from './store-mark.ts'
import type { ReadDocuments } from './store-mark.ts'
import { TENANT_KINDS } from './tenant.ts'

/** Where a server with tenants keeps which there are. */
export interface ControlStoreOptions {
  /** The data directory. */
  readonly directory: string
  /** A `postgres://` URL: the store of the server's own, and new tenants, are schemas there. Default: files in the directory. */
  readonly metadata?: string
  /** A streaming replica of that server, which reads may go to. */
  readonly metadataReplica?: string
  /** Its schema, and how those of tenants begin. Default `stowage`. */
  readonly schema?: string
  /** Connections to it at a time at the most. Default 16. */
  readonly connectionsMax?: number
  /** False: nothing is made, and where nothing is, it rejects. */
  readonly migrate: boolean
  /** Threads that write it, and the tenants' files. */
  readonly writers: SqliteWriters
}

/** The store of the server's own, open: its documents say which tenants there are, and where everybody's bytes. */
export interface ControlStore {
  readonly metadata: MetadataStore
  /** Null with files. */
  readonly postgres: PostgresDatabase | null
  readonly schema: string
  /** Closes and opens it, where it is a file; there is nothing to open again in Postgres. What is asked meanwhile is `StoreUnavailable`. */
  reopen(): Promise<void>
  /** Closes it, and its connections. */
  close(): Promise<void>
}

const SCHEMA = 'stowage'
/** What Postgres takes, less an underscore and an id. */
const SCHEMA_BYTES_MAX = 63 - 33
const MARKER = { kind: TENANT_KINDS.marker, id: 'main' }

/** Whether a data directory is that of a server with tenants, as far as the directory says so. */
export async function isOfTenants(directory: string): Promise<boolean> {
  return isThere(join(directory, CONTROL_FILE))
}

/** Whether a store is that of a server with tenants. It must be open. */
export async function isControlStore(metadata: ReadDocuments): Promise<boolean> {
  return (await metadata.readDocument(MARKER)) !== null
}

/** Opens it, and makes it where there is none. Rejects where the directory, or the schema, is a store without tenants. */
export async function openControlStore(options: ControlStoreOptions): Promise<ControlStore> {
  const { directory, metadata: url, migrate, writers, schema = SCHEMA } = options
  if (await isThere(join(directory, METADATA_FILE))) throw new Error(`${directory} is served without tenants: it has objects of its own.`)
  if (url === undefined) {
    const file = join(directory, CONTROL_FILE)
    if (!migrate && !(await isThere(file))) throw new Error(`${directory} has no tenants: 'stowage serve --tenants' makes it ready.`)
    const metadata = sqliteMetadata({ file, writers, migrate, cacheSizeMax: 1024 ** 2, walSizeMax: 16 * 1024 ** 2 })
    return opened({ metadata, postgres: null, schema, end: () => Promise.resolve(), migrate })
  }
  if (Buffer.byteLength(schema) > SCHEMA_BYTES_MAX) {
    throw new Error(`With tenants, --schema has at most ${SCHEMA_BYTES_MAX} bytes: their schemas are called after it.`)
  }
  // Not loaded where nobody has a Postgres.
  const { openPostgres } = await import('../stores/postgres-pool.ts')
  const postgres = openPostgres(url, options.metadataReplica, options.connectionsMax)
  return opened({ metadata: postgres.metadataIn({ schema, migrate }), postgres, schema, end: postgres.end, migrate })
}

interface Opening extends Omit<ControlStore, 'close' | 'reopen'> {
  readonly end: () => Promise<void>
  readonly migrate: boolean
}

async function opened({ metadata, postgres, schema, end, migrate }: Opening): Promise<ControlStore> {
  const reopen = async (): Promise<void> => {
    if (postgres !== null) return
    await metadata.close()
    await metadata.open()
  }
  const close = async (): Promise<void> => {
    try {
      await metadata.close()
    } finally {
      await end()
    }
  }
  try {
    await metadata.open()
    if (!(await isControlStore(metadata))) await mark(metadata, migrate)
    return { metadata, postgres, schema, reopen, close }
  } catch (error) {
    await close().catch(() => undefined)
    throw error
  }
}

async function mark(metadata: MetadataStore, mayMake: boolean): Promise<void> {
  if (!mayMake) throw new Error("This store has no tenants: 'stowage serve --tenants' makes it ready.")
  if ((await readTenantMark(metadata)) !== null) throw new Error('This is the store of a tenant: it has none of its own.')
  const anything = { jurisdiction: null, account: null, visible: ALWAYS, prefix: '', after: null, limit: 1 }
  const { buckets } = await metadata.listBuckets(anything)
  if (buckets.length > 0) throw new Error('This store is served without tenants: it has buckets of its own.')
  // Another process may be as fast.
  await metadata.writeDocuments({ writes: [{ ...MARKER, expected: 'any', body: {}, sealed: null }], raisesPolicyVersion: false })
}

async function isThere(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  )
}
