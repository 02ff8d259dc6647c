import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { Client } from 'pg'
import { freePort } from './free-port.ts'

/** A pooler in front of a database. */
export interface Pooler {
  readonly url: string
  readonly stop: () => Promise<void>
}

const STARTS_WITHIN_MS = 10_000

/**
 * Starts PgBouncer, from the path, on a free port of 127.0.0.1: it lends the connections of `url` for a transaction at a time, and few of
 * them, so that each is lent to everybody.
 */
export async function startPgBouncer(url: string): Promise<Pooler> {
  const { hostname, port: behind, username, password } = new URL(url)
  const directory = await mkdtemp(join(tmpdir(), 'stowage-pgbouncer-'))
  const port = await freePort()
  const configuration = join(directory, 'pgbouncer.ini')
  const settings = [
    '[databases]',
    `* = host=${hostname} port=${behind} user=${username} password=${password}`,
    '[pgbouncer]',
    'listen_addr = 127.0.0.1',
    `listen_port = ${port}`,
    'unix_socket_dir =',
    'auth_type = any',
    'pool_mode = transaction',
    'default_pool_size = 20',
    'max_client_conn = 400',
  ]
  await writeFile(configuration, `${settings.join('\n')}\n`)
  // It refuses to be root, and becomes the user that the database's server has made.
  await chmod(directory, 0o755)
  const child = spawn('pgbouncer', [...(process.getuid?.() === 0 ? ['-u', 'postgres'] : []), configuration], { stdio: 'ignore' })
  const ended = once(child, 'exit')
  const stop = async (): Promise<void> => {
    child.kill('SIGINT')
    await Promise.race([ended, wait(2000).then(() => child.kill('SIGKILL'))])
    await rm(directory, { recursive: true, force: true })
  }
  const pooled = new URL(url)
  pooled.port = String(port)
  const until = performance.now() + STARTS_WITHIN_MS
  while (!(await answers(pooled.href))) {
    if (child.exitCode === null && performance.now() < until) await wait(50)
    else await stop().then(() => Promise.reject(new Error('PgBouncer does not start')))
  }
  return { url: pooled.href, stop }
}

async function answers(url: string): Promise<boolean> {
  const client = new Client({ connectionString: url })
  client.on('error', () => undefined)
  try {
    await client.connect()
    await client.end()
    return true
  } catch {
    return false
  }
}
