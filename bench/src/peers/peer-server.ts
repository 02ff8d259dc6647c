import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, open, readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Connection } from '../load/connection.ts'
import type { Reply } from '../load/connection.ts'
import type { S3Target } from '../load/load-plan.ts'
import { RequestSigner } from '../load/signed-request.ts'
import type { RequestFields } from '../load/signed-request.ts'
import type { Peer } from './peers.ts'
import { withoutPaths } from './without-paths.ts'

/** The buckets that every server has when it is handed over. */
const BUCKETS = ['bench', 'listed'] as const

const CREDENTIALS = { accessKeyId: 'BENCHACCESSKEY', secretAccessKey: 'bench-secret-key-of-some-length' }
const READY_SECONDS_MAX = 60
const REPLY_SECONDS_MAX = 10
const STOP_SECONDS_MAX = 15

interface StartOptions {
  /** Where programs are. */
  readonly bin: string
  readonly directory: string
  readonly onSpawn: (server: PeerServer) => void
}

/** A server that runs in processes of its own, on a directory of its own. */
export class PeerServer {
  readonly peer: Peer
  readonly target: S3Target
  readonly directory: string
  readonly #process: ChildProcess
  #failure: Error | null = null
  #killed = false

  private constructor(peer: Peer, options: { readonly target: S3Target; readonly directory: string; readonly process: ChildProcess }) {
    this.peer = peer
    this.target = options.target
    this.directory = options.directory
    this.#process = options.process
    this.#process.once('error', (error) => (this.#failure = error))
  }

  /** Starts it in `directory`, which is made, and waits until it keeps and gives back an object. `onSpawn` hears of it before that. */
  static async start(peer: Peer, { bin, directory, onSpawn }: StartOptions): Promise<PeerServer> {
    const program = peer.program(bin)
    if (!existsSync(program)) throw new Error('is not there')
    const [data, scratch] = [join(directory, 'data'), join(directory, 'scratch')]
    await mkdir(data, { recursive: true })
    await mkdir(scratch)
    const [port = 0, ...otherPorts] = await freePorts(1 + (peer.ports ?? 0))
    const credentials = peer.credentials ?? CREDENTIALS
    const { args, env, files = {} } = peer.start({ data, scratch, port, otherPorts, ...credentials })
    for (const [name, text] of Object.entries(files)) await writeFile(join(scratch, name), text)
    const [command = program, ...words] = [...(peer.interpreter ?? []), program, ...args]
    const log = await open(join(directory, 'server.log'), 'w')
    // In a process group of its own, so that what it starts ends with it.
    const child = spawn(command, words, {
      cwd: scratch,
      detached: true,
      stdio: ['ignore', log.fd, log.fd],
      env: { ...process.env, ...env },
    })
    await log.close()
    const target = { endpoint: `http://127.0.0.1:${port}`, region: 'us-east-1', ...credentials }
    const server = new PeerServer(peer, { target, directory, process: child })
    onSpawn(server)
    try {
      await server.#untilReady()
      return server
    } catch (error) {
      await server.stop()
      throw error
    }
  }

  get pid(): number {
    return this.#process.pid ?? 0
  }

  /** Asks it to end, and ends it where it does not. */
  async stop(): Promise<void> {
    if (!this.#hasEnded()) this.#signal('SIGTERM')
    for (let waited = 0; waited < STOP_SECONDS_MAX && !this.#hasEnded(); waited += 0.1) await sleep(100)
    this.kill()
  }

  /** Ends it and its children at once. */
  kill(): void {
    // Once: later the number may be another's.
    if (this.#killed) return
    this.#killed = true
    this.#signal('SIGKILL')
  }

  #hasEnded(): boolean {
    return this.#failure !== null || this.#process.exitCode !== null || this.#process.signalCode !== null
  }

  #signal(signal: NodeJS.Signals): void {
    if (this.pid === 0) return
    try {
      process.kill(-this.pid, signal)
    } catch {
      // The whole group has ended.
    }
  }

  async #untilReady(): Promise<void> {
    const deadline = performance.now() + READY_SECONDS_MAX * 1000
    for (let last = 'nothing'; ; await sleep(200)) {
      if (this.#hasEnded()) throw new Error(`ended before it listened: ${await this.#lastLine()}`)
      try {
        await this.#probe()
        return
      } catch (error) {
        last = error instanceof Error ? error.message : String(error)
      }
      if (performance.now() > deadline) throw new Error(`was not ready in ${READY_SECONDS_MAX} seconds: ${last}`)
    }
  }

  /** Some listen long before they can keep anything, so an object goes there and back. */
  async #probe(): Promise<void> {
    const connection = await Connection.open(this.target.endpoint)
    try {
      const signer = new RequestSigner(this.target)
      const ask = (fields: RequestFields, body: Buffer | null = null): Promise<Reply> =>
        inTime(connection.exchange(signer.sign(fields), body, { keepBody: true }))
      for (const bucket of BUCKETS) {
        // 409: it is there, from the try before.
        expectStatus(await ask({ method: 'PUT', path: `/${bucket}`, bodyLength: 0 }), [200, 409], 'create bucket')
        const body = Buffer.from(`is ${bucket} there?`)
        const path = `/${bucket}/probe`
        expectStatus(await ask({ method: 'PUT', path, bodyLength: body.length }, body), [200], 'PUT')
        const got = await ask({ method: 'GET', path })
        if (got.body?.equals(body) !== true) throw new Error('GET does not give what was put')
        expectStatus(await ask({ method: 'DELETE', path }), [204], 'DELETE')
      }
    } finally {
      connection.close()
    }
  }

  async #lastLine(): Promise<string> {
    const lines = (await readFile(join(this.directory, 'server.log'), 'utf8')).split('\n').filter((line) => line.trim() !== '')
    return withoutPaths(lines.at(-1) ?? this.#failure?.message ?? 'without a word')
  }
}

function expectStatus({ status, body }: Reply, expected: readonly number[], what: string): void {
  if (expected.includes(status)) return
  throw new Error(`${what}: ${status} ${/<Code>([^<]+)</.exec(body?.toString() ?? '')?.[1] ?? ''}`.trimEnd())
}

async function inTime<T>(promise: Promise<T>): Promise<T> {
  const late = new AbortController()
  try {
    return await Promise.race([
      promise,
      sleep(REPLY_SECONDS_MAX * 1000, null, { signal: late.signal }).then(() => Promise.reject(new Error('no answer'))),
    ])
  } finally {
    late.abort()
  }
}

/** Ports that nobody listens on, all at the same moment. */
async function freePorts(count: number): Promise<readonly number[]> {
  const servers = await Promise.all(
    Array.from(
      { length: count },
      () =>
        new Promise<ReturnType<typeof createServer>>((resolve, reject) => {
          const server = createServer().once('error', reject)
          server.listen(0, '127.0.0.1', () => resolve(server))
        }),
    ),
  )
  const ports = servers.map((server) => (server.address() as AddressInfo).port)
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports
}
