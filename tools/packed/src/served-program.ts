import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { setTimeout as wait } from 'node:timers/promises'
import { mustRun } from '../../verify/src/run-command.ts'
import type { Door } from './exercise-s3.ts'

export interface ServedProgram {
  readonly command: string
  readonly args: readonly string[]
  readonly cwd: string
  readonly env: NodeJS.ProcessEnv
  /** Finds out where it listens from what it has said so far; undefined as long as it has not said so. */
  readonly readDoor: (stdout: string) => Promise<Door | undefined> | Door | undefined
}

const START_MS = 60_000
const STOP_MS = 20_000

/** Starts a server, uses it, and stops it with SIGTERM. Gives back the code that it ended with, and all that it said. */
export async function withServedProgram(
  program: ServedProgram,
  use: (door: Door) => Promise<void>,
): Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }> {
  const { command, args, cwd, env, readDoor } = program
  // A group of its own: whatever else it started goes with it.
  const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], detached: true })
  let said = { stdout: '', stderr: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said = { ...said, stdout: said.stdout + text }))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said = { ...said, stderr: said.stderr + text }))
  let code: number | null | undefined
  const ended = new Promise<void>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (exit) => {
      code = exit
      resolve()
    })
  })
  try {
    let door: Door | undefined
    for (const end = performance.now() + START_MS; door === undefined && performance.now() < end; await wait(50)) {
      assert.equal(code, undefined, `${command} ended with ${code} before it listened: ${said.stdout}${said.stderr}`)
      door = await readDoor(said.stdout)
    }
    assert.ok(door !== undefined, `${command} does not listen within ${START_MS / 1000} s: ${said.stdout}${said.stderr}`)
    try {
      await use(door)
    } catch (error) {
      throw new Error(`A server that said "${said.stderr}" did not do what it should.`, { cause: error })
    }
    // npx does not hand a signal on: it ends, and so does its shell, and the server lives. So the one who listens is told.
    process.kill(await innermostChild(child.pid ?? 0), 'SIGTERM')
    await Promise.race([ended, wait(STOP_MS, undefined, { ref: false })])
    assert.notEqual(code, undefined, `SIGTERM does not end ${command} within ${STOP_MS / 1000} s: ${said.stdout}${said.stderr}`)
    return { code: code ?? null, ...said }
  } finally {
    endGroup(child.pid)
    await ended.catch(() => undefined)
  }
}

/** The process that a chain of processes, each of which started the next, ends with. */
async function innermostChild(pid: number): Promise<number> {
  const pairs = (await mustRun('ps', ['-e', '-o', 'pid=,ppid=']))
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number))
  let innermost = pid
  for (let found: number | undefined = pid; found !== undefined; found = pairs.find(([, parent]) => parent === innermost)?.[0])
    innermost = found
  return innermost
}

function endGroup(pid: number | undefined): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // Nobody of the group is left.
  }
}
