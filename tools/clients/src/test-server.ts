import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { mustRun } from '../../verify/src/run-command.ts'
import { startStowage } from '../../verify/src/server.ts'
import type { Transport } from './check-names.ts'
import type { Target } from './client.ts'
import { exchange } from './exchange.ts'

const LOG_TIMEOUT_MS = 5000
const LOG_POLL_MS = 20

/** A line of the server's log. */
export interface RequestLine {
  readonly method: string
  /** As it was on the wire. */
  readonly path: string
  readonly status: number
}

/** A server of ours for one client. */
export interface TestServer {
  readonly target: Target
  /** How many requests were logged up to now. */
  logged(): number
  /** The requests since then. Sends one itself and waits for its line, so that none before it is missed. */
  requestsSince(mark: number): Promise<readonly RequestLine[]>
  /** Ends it as an operator does, and says what was wrong: an exit code, a warning or an error in the log. */
  stop(): Promise<readonly string[]>
}

/** Starts `stowage serve` on files in the directory, over HTTPS with a certificate that is made for it; `more`: further options. */
export async function startTestServer(directory: string, transport: Transport, more: readonly string[] = []): Promise<TestServer> {
  const clientDirectory = join(directory, 'client')
  await mkdir(clientDirectory, { recursive: true })
  const tls = transport === 'https' ? await makeCertificate(directory) : null
  const options = tls === null ? [] : ['--tls-cert', tls.cert, '--tls-key', tls.key]
  const server = await startStowage([join(directory, 'data'), '--log-level', 'info', ...options, ...more])
  const entries = (): readonly LogEntry[] =>
    server
      .stderr()
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as LogEntry)
  const requests = (): readonly RequestLine[] => entries().filter(({ msg }) => msg === 'request')
  return {
    target: { ...server.ready, caFile: tls?.cert ?? null, directory: clientDirectory },
    logged: () => requests().length,
    requestsSince: async (mark) => {
      const path = `/end-of-what-came-after-${mark}`
      await exchange({ method: 'GET', url: `${server.ready.endpoint}${path}`, caFile: tls?.cert ?? null })
      for (const deadline = performance.now() + LOG_TIMEOUT_MS; performance.now() < deadline; await sleep(LOG_POLL_MS)) {
        const lines = requests().slice(mark)
        const end = lines.findIndex((line) => line.path === path)
        if (end >= 0) return lines.slice(0, end)
      }
      throw new Error('the server does not log its requests')
    },
    // 501 is an answer: s3cmd asks whether ACLs can be set, and goes on.
    stop: async () => {
      server.process.kill('SIGTERM')
      const code = await server.ended
      const faults = entries().filter(({ level, status }) => level > PINO_INFO || (status >= 500 && status !== 501))
      return [
        ...(code === 0 ? [] : [`the server ended with ${code}`]),
        ...faults.map((entry) => `the server logged ${JSON.stringify(entry)}`),
      ]
    },
  }
}

const PINO_INFO = 30

interface LogEntry extends RequestLine {
  readonly level: number
  readonly msg: string
}

async function makeCertificate(directory: string): Promise<{ readonly cert: string; readonly key: string }> {
  const files = { cert: join(directory, 'certificate.pem'), key: join(directory, 'key.pem') }
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', files.key]
  const names = ['-subj', '/CN=stowage clients', '-addext', 'subjectAltName=IP:127.0.0.1,DNS:localhost']
  const usage = ['-addext', 'keyUsage=critical,digitalSignature,keyCertSign']
  await mustRun('openssl', ['req', '-x509', '-days', '2', '-out', files.cert, ...key, ...names, ...usage])
  return files
}
