import { Pool, type PoolConfig } from 'pg'
import { inject } from 'vitest'
import { createIds } from '../src/util/ids.ts'
import type { PostgresServer } from './postgres-server.ts'
import type { PostgresProvision } from './provided-context.ts'

const ids = createIds()

/**
 * A database of a test file's own in the run's Postgres, which costs a sixth of a server; the project's vitest config must name
 * `postgres-global-setup.ts`. Roles are not its own: whoever makes one puts up with one that is there. It goes when it is stopped.
 */
export async function openPostgresDatabase(): Promise<PostgresServer> {
  const url = new URL(inject('postgresUrl') satisfies PostgresProvision['postgresUrl'])
  const administrator = new Pool({ connectionString: url.href, max: 1 })
  const name = `test_${ids.blobName()}`
  await administrator.query(`CREATE DATABASE ${name}`)
  url.pathname = `/${name}`
  const pools: Pool[] = []
  return {
    url: url.href,
    pool: (options: PoolConfig = {}) => {
      const pool = new Pool({ connectionString: url.href, max: 8, ...options })
      // A pool whose idle client dies with the database must not bring the test down.
      pool.on('error', () => undefined)
      pools.push(pool)
      return pool
    },
    stop: async () => {
      for (const pool of pools) if (!pool.ended) await pool.end()
      await administrator.query(`DROP DATABASE ${name} WITH (FORCE)`)
      await administrator.end()
    },
  }
}
