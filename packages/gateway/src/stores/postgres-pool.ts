import type { MetadataStore } from '@stowage/core'
import { postgresMetadata } from '@stowage/core/postgres'
import { Pool } from 'pg'
import type { PostgresStoreOptions } from './stores.ts'

/** A Postgres that keeps metadata, as `--metadata` and `--metadata-replica` say it. */
export interface PostgresDatabase {
  /** Of the server that is written to. */
  readonly pool: Pool
  /** The metadata in one schema of it, not yet open; of the connection's own where none is named. All share the connections. */
  readonly metadataIn: (options: Omit<PostgresStoreOptions, 'replica'>) => MetadataStore
  /** Ends the connections: to be called when all metadata is closed. */
  readonly end: () => Promise<void>
}

/** Connections at a time at the most, to each server. */
const CONNECTIONS_MAX = 16

/** Makes the pools for `postgres://` URLs; nothing is connected. Throws with a sentence for what is none. */
export function openPostgres(url: string, replica?: string, connectionsMax: number = CONNECTIONS_MAX): PostgresDatabase {
  const primary = readPostgresUrl('--metadata', url)
  const standby = replica === undefined ? null : readPostgresUrl('--metadata-replica', replica)
  const pool = poolOf(primary, connectionsMax)
  const others = standby === null ? [] : [poolOf(standby, connectionsMax)]
  const [replicaPool] = others
  return {
    pool,
    metadataIn: ({ schema, migrate, openMarked = false }) =>
      postgresMetadata({
        pool,
        migrate,
        openMarked,
        prepare: primary.prepare && standby?.prepare !== false,
        ...(schema === undefined ? {} : { schema }),
        ...(replicaPool === undefined ? {} : { replica: { pool: replicaPool } }),
      }),
    end: async () => void (await Promise.all([pool, ...others].map((each) => each.end()))),
  }
}

interface PostgresUrl {
  readonly connectionString: string
  readonly prepare: boolean
}

function poolOf({ connectionString, prepare }: PostgresUrl, max: number): Pool {
  const pool = new Pool({
    connectionString,
    pipeline: true,
    // For reads without a transaction; what works over whole tables sets it aside. A pooler takes no such wish.
    ...(prepare ? { statement_timeout: 30_000 } : {}),
    max,
    connectionTimeoutMillis: 10_000,
    application_name: 'stowage',
  })
  // A connection that breaks while nobody uses it is made anew; the next query says so where the database is gone.
  pool.on('error', () => undefined)
  return pool
}

/** `prepare=false` is ours: for a pooler that lends connections for a transaction at a time. The rest is for the driver. */
function readPostgresUrl(option: string, url: string): PostgresUrl {
  if (!/^postgres(?:ql)?:\/\//.test(url)) throw new Error(`${option} is a URL that begins with postgres://.`)
  if (!URL.canParse(url)) throw new Error(`${option} is no URL: what is special in a user, a password or a name is percent-encoded.`)
  const location = new URL(url)
  const prepare = location.searchParams.get('prepare')
  if (prepare !== null && prepare !== 'true' && prepare !== 'false') throw new Error(`prepare, in ${option}, is true or false.`)
  location.searchParams.delete('prepare')
  return { connectionString: prepare === null ? url : location.href, prepare: prepare !== 'false' }
}
