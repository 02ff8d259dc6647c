import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const MAIN = fileURLToPath(new URL('../../../packages/gateway/src/main.ts', import.meta.url))

/** What `stowage serve --json` says. */
export interface Ready {
  readonly endpoint: string
  readonly region: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

/** A server in a process of its own. */
export interface RunningStowage {
  readonly ready: Ready
  readonly process: ChildProcess
  /** Resolves with the exit code, or null where a signal ended it. */
  readonly ended: Promise<number | null>
  stderr(): string
}

/** The command line of a server, as a user would type it. */
export function stowageCommand(args: readonly string[]): readonly string[] {
  return [process.execPath, '-C', '@stowage/source', MAIN, ...args]
}

/** Starts `stowage serve ARGS --port 0 --json` and waits until it listens; throws with what it said where it does not. */
export function startStowage(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<RunningStowage> {
  const [command = '', ...rest] = stowageCommand(['serve', ...args, '--port', '0', '--json'])
  const child = spawn(command, rest, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } })
  let stdout = ''
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  const ended = new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)))
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    void ended.then((code) => reject(new Error(`The server ended with ${code} before it listened: ${stderr}`)))
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text
      if (!stdout.includes('\n')) return
      child.stdout.removeAllListeners('data').resume()
      resolve({ ready: JSON.parse(stdout.slice(0, stdout.indexOf('\n'))) as Ready, process: child, ended, stderr: () => stderr })
    })
  })
}
