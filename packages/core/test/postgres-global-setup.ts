import type { TestProject } from 'vitest/node'
import { startPostgres } from './postgres-server.ts'
import type { PostgresServer } from './postgres-server.ts'
import type { PostgresProvision } from './provided-context.ts'

/* One real Postgres for all test files of a vitest project; each store in it has a schema of its own. */

let server: PostgresServer | null = null

/** Starts the server, and tells the tests where it is. */
export async function setup(project: TestProject): Promise<void> {
  server = await startPostgres()
  const provided: PostgresProvision = { postgresUrl: server.url }
  project.provide('postgresUrl', provided.postgresUrl)
}

/** Stops it. */
export async function teardown(): Promise<void> {
  await server?.stop()
}
