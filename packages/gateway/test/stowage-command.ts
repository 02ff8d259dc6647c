import { EventEmitter } from 'node:events'
import { expect, onTestFinished } from 'vitest'
import { runCli } from '../src/commands/run-cli.ts'
import type { Ready } from './stowage-process.ts'

/** What came of a command that has ended. */
export interface Ran {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** The command in this process, with streams and signals of its own. */
interface StowageCommand {
  readonly stdout: () => string
  readonly stderr: () => string
  /** The first whole line on stdout; null where the command ended without one. */
  readonly firstLine: Promise<string | null>
  readonly ended: Promise<number>
  /** As SIGTERM does. Resolves with the exit code. */
  readonly stop: () => Promise<number>
}

/**
 * Runs `stowage ARGS` as `main.ts` does: a process for each command would take most of the time. Sees nothing of our environment. With
 * `stopAt` it has a terminal, and is sent SIGTERM once that is seen on it.
 */
export async function runCommand(
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
  { stopAt }: { readonly stopAt?: RegExp } = {},
): Promise<Ran> {
  const { ended, stdout, stderr } = startCommand(args, env, stopAt)
  return { code: await ended, stdout: stdout(), stderr: stderr() }
}

/** What a command prints as JSON. It ends with `code`, and complains of nothing. */
export async function said<T = unknown>(
  args: readonly string[],
  { code = 0, env = {} }: { code?: number; env?: NodeJS.ProcessEnv } = {},
): Promise<T> {
  const ran = await runCommand(args, env)
  expect([ran.code, ran.stderr]).toEqual([code, ''])
  return JSON.parse(ran.stdout) as T
}

/** The sentence with which a command ends that cannot do it: one without a stack. */
export async function refused(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<string> {
  const { code, stdout, stderr } = await runCommand(args, env)
  expect([code, stdout]).toEqual([2, ''])
  expect(stderr).not.toMatch(/\n\s+at /)
  return stderr
}

/** A server that `serveHere` started. */
export interface ServedHere {
  readonly ready: Ready
  readonly stderr: () => string
  /** As SIGTERM does. Resolves with the exit code. */
  readonly stop: () => Promise<number>
}

/** `stowage serve ARGS` in this process, on a free port; it ends with the test. Where signals or crashes are not what is tested. */
export async function serveHere(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<ServedHere> {
  const { stderr, firstLine, ended, stop } = startCommand(['serve', ...args, '--port', '0', '--json'], env)
  const line = await firstLine
  if (line === null) throw new Error(`serve ended with ${await ended}: ${stderr()}`)
  return { ready: JSON.parse(line) as Ready, stderr, stop }
}

function startCommand(argv: readonly string[], env: NodeJS.ProcessEnv, stopAt?: RegExp): StowageCommand {
  const signals = new EventEmitter()
  let stdout = ''
  let stderr = ''
  let onLine: (line: string | null) => void = () => undefined
  const firstLine = new Promise<string | null>((resolve) => (onLine = resolve))
  const write = (text: string): void => {
    stdout += text
    if (stdout.includes('\n')) onLine(stdout.slice(0, stdout.indexOf('\n')))
  }
  const complain = (text: string): void => {
    stderr += text
    if (stopAt?.test(text) === true) signals.emit('SIGTERM')
  }
  const terminal = stopAt === undefined ? {} : { isTTY: true, columns: 200 }
  const ended = runCli({ argv, env, stdout: { write }, stderr: { write: complain, ...terminal }, process: signals })
  void ended.then(() => onLine(null))
  const stop = (): Promise<number> => {
    signals.emit('SIGTERM')
    return ended
  }
  onTestFinished(async () => void (await stop()))
  return { stdout: () => stdout, stderr: () => stderr, firstLine, ended, stop }
}
