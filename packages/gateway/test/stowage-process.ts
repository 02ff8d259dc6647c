import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { Agent } from 'node:http'
import type { LookupFunction } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { S3Client } from '@aws-sdk/client-s3'
import type { S3ClientConfig } from '@aws-sdk/client-s3'
import { onTestFinished } from 'vitest'

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url))

/** A run of the command, as a user would start it. */
export interface StowageProcess {
  readonly child: ChildProcess
  stdout(): string
  stderr(): string
  /** Resolves with the exit code when the process has ended and said everything; null where a signal ended it. */
  readonly ended: Promise<number | null>
}

/** Starts `stowage ARGS` in a process of its own; it is killed when the test ends, by its pid. */
export function startStowage(args: readonly string[], env: NodeJS.ProcessEnv = {}): StowageProcess {
  const child = spawn(process.execPath, ['-C', '@stowage/source', MAIN, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, STOWAGE_ACCESS_KEY_ID: '', STOWAGE_SECRET_ACCESS_KEY: '', ...env },
  })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  const ended = new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)))
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await ended
  })
  return { child, stdout: () => stdout, stderr: () => stderr, ended }
}

/** What `serve --json` prints. */
export interface Ready {
  readonly endpoint: string
  readonly region: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

/** Starts a server on a free port and waits for its line. */
export async function serve(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<StowageProcess & { readonly ready: Ready }> {
  const server = startStowage(['serve', ...args, '--port', '0', '--json'], env)
  const line = await new Promise<string>((resolve, reject) => {
    server.child.stdout?.on('data', () => {
      if (server.stdout().includes('\n')) resolve(server.stdout().split('\n')[0] ?? '')
    })
    void server.ended.then((code) => reject(new Error(`serve ended with ${code}: ${server.stderr()}`)))
  })
  return { ...server, ready: JSON.parse(line) as Ready }
}

/** An SDK client for a server, without retries: an error is to be seen. */
export function clientOf({ endpoint, region, accessKeyId, secretAccessKey }: Ready, more: S3ClientConfig = {}): S3Client {
  const credentials = { accessKeyId, secretAccessKey }
  const client = new S3Client({ endpoint, region, credentials, forcePathStyle: true, maxAttempts: 1, ...more })
  onTestFinished(() => client.destroy())
  return client
}

/** An SDK client that addresses buckets as sub-domains of a name, which it takes to be this machine's. */
export function subdomainClientOf({ endpoint, region, accessKeyId, secretAccessKey }: Ready, domain: string): S3Client {
  const lookup: LookupFunction = (_host, _options, found) => found(null, [{ address: '127.0.0.1', family: 4 }])
  const client = new S3Client({
    endpoint: `http://${domain}:${new URL(endpoint).port}`,
    region,
    credentials: { accessKeyId, secretAccessKey },
    requestHandler: { httpAgent: new Agent({ lookup }) },
    maxAttempts: 1,
  })
  onTestFinished(() => client.destroy())
  return client
}

/** A directory that goes with the test. */
export async function temporaryDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'stowage-gateway-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  return directory
}
