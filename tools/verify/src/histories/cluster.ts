import { randomBytes } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { S3Client } from '@aws-sdk/client-s3'
import { startPostgres } from '../../../../packages/core/test/postgres-server.ts'
import type { StartedPostgres } from '../../../../packages/core/test/postgres-server.ts'
import { clientOf } from '../client.ts'
import { mustRun } from '../run-command.ts'
import { startStowage, stowageCommand } from '../server.ts'
import type { RunningStowage } from '../server.ts'

export const BUCKET = 'histories'
const GATEWAYS = 3
/** Three servers have pools of 16. */
const CONNECTIONS_MAX = 60
/** After a fault everything must work again within so long. */
const CALM_WITHIN_MS = 60_000

/** What a server says where the database is away: the log calls it a fault, and the client is told 503. */
const EXPECTED = /"code":"(?:StoreUnavailable|OutcomeUnknown)"/
const SHOWN_CHARACTERS = 2000

/** A server that is started again where it was killed. */
export class Gateway {
  readonly directory: string
  readonly #args: readonly string[]
  readonly #env: NodeJS.ProcessEnv
  #running: RunningStowage | null = null
  #client: S3Client | null = null
  #complaints: string[] = []

  constructor(directory: string, args: readonly string[], env: NodeJS.ProcessEnv) {
    this.directory = directory
    this.#args = args
    this.#env = env
  }

  /** Null while it is down. */
  get client(): S3Client | null {
    return this.#client
  }

  async start(): Promise<void> {
    const running = await startStowage([this.directory, ...this.#args], this.#env)
    this.#running = running
    this.#client = clientOf(running.ready)
    void running.ended.then((code) => {
      if (this.#running === running) this.#complaints.push(`a server ended by itself with ${code}: ${lastOf(running)}`)
    })
  }

  /** Without a word, and without an end of what it was doing. */
  async kill(): Promise<void> {
    const running = this.#forget()
    running?.process.kill('SIGKILL')
    await running?.ended
  }

  /** As an operator does. */
  async stop(): Promise<void> {
    const running = this.#forget()
    running?.process.kill('SIGTERM')
    const code = await running?.ended
    if (running !== null && code !== 0) this.#complaints.push(`a server that was told to end ended with ${code}: ${lastOf(running)}`)
  }

  /** Stops it where it stands, or lets it go on. */
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.#running?.process.kill(signal)
  }

  async isReady(): Promise<boolean> {
    if (this.#running === null) return false
    const { endpoint } = this.#running.ready
    return fetch(`${endpoint}/ready`, { signal: AbortSignal.timeout(15_000) }).then(
      ({ ok }) => ok,
      () => false,
    )
  }

  /** What it said of faults of its own, once each. */
  complaints(): readonly string[] {
    const complaints = [...this.#complaints, ...(this.#running === null ? [] : faultsOf(this.#running))]
    this.#complaints = []
    return complaints
  }

  #forget(): RunningStowage | null {
    const running = this.#running
    if (running !== null) this.#complaints.push(...faultsOf(running))
    this.#client?.destroy()
    this.#client = null
    this.#running = null
    return running
  }
}

const told = new WeakMap<RunningStowage, number>()

function faultsOf(running: RunningStowage): readonly string[] {
  const text = running.stderr()
  const lines = text.slice(told.get(running) ?? 0).split('\n')
  told.set(running, text.length)
  return lines.filter((line) => line.includes('it was our fault') && !EXPECTED.test(line)).map((line) => line.slice(0, SHOWN_CHARACTERS))
}

function lastOf(running: RunningStowage): string {
  return running.stderr().slice(-SHOWN_CHARACTERS)
}

/** Three servers, one database for their metadata, one directory for their bytes. */
export interface Cluster {
  readonly postgres: StartedPostgres
  readonly gateways: readonly Gateway[]
  /** Where the bytes are. */
  readonly shared: string
}

/** Starts it in a directory that is empty, gives it to `use`, and stops it. */
export async function withCluster<T>(directory: string, use: (cluster: Cluster) => Promise<T>): Promise<T> {
  const postgres = await startPostgres({ durable: true, connectionsMax: CONNECTIONS_MAX })
  const shared = join(directory, 'shared')
  const args = ['--metadata', postgres.url, '--backend', `file:${shared}`, '--bucket', BUCKET]
  const env = {
    STOWAGE_ACCESS_KEY_ID: 'HISTORIES',
    STOWAGE_SECRET_ACCESS_KEY: randomBytes(20).toString('hex'),
    STOWAGE_MASTER_KEY: randomBytes(32).toString('hex'),
    // They run from source, and half of their start would be the stripping of types.
    NODE_COMPILE_CACHE: join(tmpdir(), 'stowage-compile-cache'),
  }
  const gateways = Array.from({ length: GATEWAYS }, (_, at) => new Gateway(join(directory, `gateway-${at}`), args, env))
  try {
    // All at once: one of them makes the schema and the bucket.
    await Promise.all(gateways.map((gateway) => gateway.start()))
    return await use({ postgres, gateways, shared })
  } finally {
    await Promise.all(gateways.map((gateway) => gateway.kill()))
    await postgres.stop()
  }
}

/** Waits until every server serves; throws where one does not. */
export async function untilCalm({ gateways }: Cluster): Promise<void> {
  const until = performance.now() + CALM_WITHIN_MS
  for (const gateway of gateways) {
    while (!(await gateway.isReady())) {
      if (performance.now() > until) {
        throw new Error(`a server did not serve again, a minute after the fault was over: ${gateway.complaints().join('\n')}`)
      }
      await sleep(50)
    }
  }
}

/** `stowage fsck` of a server that is running: what it finds, and nothing where all agrees. */
export async function fsckOf({ directory }: Gateway): Promise<readonly string[]> {
  const [command = '', ...args] = stowageCommand(['fsck', directory, '--json'])
  return mustRun(command, args).then(
    () => [],
    (error: unknown) => [`stowage fsck: ${String(error)}`],
  )
}
