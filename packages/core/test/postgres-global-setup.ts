import type { TestProject } from 'vitest/node'
import { startPostgres } from './postgres-server.ts'
import type { PostgresServer } from './postgres-server.ts'

/* One real Postgres for all test files of a vitest project; each store in it has a schema of its own. */

declare module 'vitest' {
  interface ProvidedContext {
    /** A superuser's connection string to a Postgres that lives as long as the run. */
    readonly postgresUrl: string
  }
}

let server: PostgresServer | null = null

/** Starts the server, and tells the tests where it is. */
export async function setup(project: TestProject): Promise<void> {
  server = await startPostgres()
  project.provide('postgresUrl', server.url)
}

/** Stops it. */
export async function teardown(): Promise<void> {
  await server?.stop()
}
