import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { childCommand, childEnvironment, readAcknowledgements } from './run-child.ts'

/** How a traced child ended. */
export interface TracedResult {
  readonly acknowledged: number
  /** Ended by a signal: the injected one. */
  readonly killed: boolean
  readonly stderr: string
}

/**
 * Runs a scenario with strace attached from its first step on: calls are counted from there, and not those by which node
 * starts.
 */
export async function runTracedChild(directory: string, scenario: string, trace: readonly string[]): Promise<TracedResult> {
  const [command = '', ...args] = childCommand(directory, scenario, { mode: 'wait' })
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'], env: childEnvironment() })
  let stdout = ''
  let stderr = ''
  let tracer: ChildProcess | null = null
  const ended = new Promise<NodeJS.Signals | null>((resolve) => child.once('close', (_code, signal) => resolve(signal)))
  child.stdin.on('error', () => undefined)
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
    if (tracer !== null || !stdout.includes('BEGIN\n')) return
    tracer = attach(child.pid ?? 0, trace, () => child.stdin.end('go\n'))
  })
  const signal = await ended
  await tracerEnded(tracer)
  return { acknowledged: readAcknowledgements(stdout).acknowledged, killed: signal !== null, stderr }
}

function attach(pid: number, trace: readonly string[], attached: () => void): ChildProcess {
  const tracer = spawn('strace', ['-f', '-p', String(pid), ...trace], { stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  tracer.stderr.setEncoding('utf8').on('data', (text: string) => {
    const before = said.includes('attached')
    said += text
    if (!before && said.includes('attached')) attached()
  })
  return tracer
}

function tracerEnded(tracer: ChildProcess | null): Promise<void> {
  if (tracer === null || tracer.exitCode !== null || tracer.signalCode !== null) return Promise.resolve()
  return new Promise((resolve) => tracer.once('close', () => resolve()))
}
