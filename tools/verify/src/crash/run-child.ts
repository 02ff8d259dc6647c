import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runCommand } from '../run-command.ts'
import type { CommandResult } from '../run-command.ts'
import type { Mutant } from './stores.ts'

const CHILD = fileURLToPath(new URL('child.ts', import.meta.url))

export interface ChildOptions {
  readonly mode?: 'run' | 'prepare' | 'hang' | 'wait'
  readonly mutant?: Mutant
  /** Put before the command: strace and its arguments. */
  readonly under?: readonly string[]
}

/** What a child had acknowledged before it ended, however it ended. */
export interface ChildResult extends CommandResult {
  readonly began: boolean
  readonly acknowledged: number
}

/** The command line of a child, for whoever wants to spawn it. */
export function childCommand(directory: string, scenario: string, options: ChildOptions = {}): readonly string[] {
  const { mode = 'run', mutant = {}, under = [] } = options
  return [...under, process.execPath, '-C', '@stowage/source', CHILD, directory, scenario, mode, JSON.stringify(mutant)]
}

/**
 * What a child finds in its environment: one thread for files, so that the k-th system call is the same one each time;
 * and what was compiled before, because it runs from source and half of its life would be the stripping of types.
 */
export function childEnvironment(): NodeJS.ProcessEnv {
  return { ...process.env, UV_THREADPOOL_SIZE: '1', NODE_COMPILE_CACHE: join(tmpdir(), 'stowage-compile-cache') }
}

/** Runs a scenario in a process of its own. */
export async function runChild(directory: string, scenario: string, options: ChildOptions = {}): Promise<ChildResult> {
  const [command = '', ...args] = childCommand(directory, scenario, options)
  const result = await runCommand(command, args, { env: childEnvironment() })
  return { ...result, ...readAcknowledgements(result.stdout) }
}

/** Counts the lines that a child has written. */
export function readAcknowledgements(stdout: string): { readonly began: boolean; readonly acknowledged: number } {
  const lines = stdout.split('\n')
  return { began: lines.includes('BEGIN'), acknowledged: lines.filter((line) => line === 'ACK').length }
}
