import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { S3Target } from '../load/load-plan.ts'

const MAIN = fileURLToPath(new URL('../../../packages/gateway/dist/main.js', import.meta.url))
const CREDENTIALS = { accessKeyId: 'BENCHACCESSKEY', secretAccessKey: 'bench-secret-key-of-some-length' }
const BUCKET = 'bench'

/** Where a gateway keeps what. */
export interface GatewayPlace {
  /** Shared by all gateways of a store: their bytes are there. */
  readonly directory: string
  /** A `postgres://` URL. */
  readonly metadata: string
}

/** `stowage serve` as built, over Postgres. */
export class GatewayProcess {
  readonly target: S3Target
  readonly pid: number
  readonly #child: ChildProcess

  private constructor(child: ChildProcess, endpoint: string) {
    this.#child = child
    this.pid = child.pid ?? 0
    this.target = { endpoint, region: 'us-east-1', ...CREDENTIALS }
  }

  /** Resolves when it listens. */
  static async start({ directory, metadata }: GatewayPlace): Promise<GatewayProcess> {
    const flags = ['--max-semi-space-size=8']
    const env = {
      ...process.env,
      STOWAGE_METADATA: metadata,
      STOWAGE_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
      STOWAGE_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
    }
    const args = [...flags, MAIN, 'serve', directory, '--port', '0', '--json', '--bucket', BUCKET]
    const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'inherit'] })
    const first = await Promise.race([once(child.stdout, 'data'), once(child, 'exit').then(() => null)])
    if (first === null) throw new Error('the gateway does not start')
    const { endpoint } = JSON.parse(String(first[0])) as { readonly endpoint: string }
    return new GatewayProcess(child, endpoint)
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const ended = once(this.#child, 'exit')
    this.#child.kill('SIGTERM')
    await ended
  }
}
