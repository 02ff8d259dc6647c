import { cp, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { checkDirectory } from './crash/check-directory.ts'
import { runChild } from './crash/run-child.ts'
import { runTracedChild } from './crash/run-traced-child.ts'
import type { Scenario } from './crash/scenarios.ts'
import { scenarios } from './crash/scenarios.ts'
import { withTemporaryDirectory } from './crash/temporary-directory.ts'
import { program, ptrace } from './needs.ts'
import { randomFrom } from './step.ts'
import type { StepContext, StepResult, VerifyStep } from './step.ts'

/** The system calls by which the engine changes what is on the disk, or says that it has. */
const SYSTEM_CALLS = [
  'openat',
  'write',
  'writev',
  'pwrite64',
  'pwritev',
  'pwritev2',
  'fdatasync',
  'fsync',
  'ftruncate',
  'unlink',
  'rename',
  'mkdir',
  'close',
]
const SAMPLE_SIZE = 24
/** A child waits for its tracer and its disk part of the time; more than three at once only fight for two cores. */
const CONCURRENCY = 3

/** One place to die: the n-th call of one kind in whichever thread gets there first. */
interface CrashPoint {
  readonly scenario: Scenario
  readonly call: string
  readonly index: number
}

/** Kills a process at every system call of every write path, and looks at what is left. */
export const crashPoints: VerifyStep = {
  name: 'crash-points',
  claim:
    'Killed at every relevant system call of each write path, a store loses nothing acknowledged and fsck is clean once grace has passed.',
  needs: [program('strace'), ptrace],
  run: (context) => withTemporaryDirectory((directory) => run(directory, context)),
}

async function run(directory: string, context: StepContext): Promise<StepResult> {
  const failures: string[] = []
  const points: CrashPoint[] = []
  for (const scenario of scenarios()) {
    const template = join(directory, scenario.name)
    const prepared = await runChild(template, scenario.name, { mode: 'prepare' })
    if (prepared.code !== 0) throw new Error(`The scenario ${scenario.name} could not be prepared: ${prepared.stderr}`)
    points.push(...(await findPoints(directory, scenario)))
  }
  const tried = context.sample ? draw(points, SAMPLE_SIZE, randomFrom(context.seed)) : points
  let killed = 0
  await eachOf(tried, async (point, number) => {
    const outcome = await crashAt(directory, point, number)
    if (outcome.killed) killed += 1
    failures.push(...outcome.failures.map((failure) => `${point.scenario.name}, ${point.call} ${point.index}: ${failure}`))
    if ((number + 1) % 200 === 0) context.log(`${number + 1} of ${tried.length} points`)
  })
  // A test that never kills anything would pass too; a few calls come in other numbers from run to run.
  if (killed < tried.length * 0.6) failures.push(`only ${killed} of ${tried.length} processes died where they should have`)
  return {
    cases: tried.length,
    failures,
    notes: [`${points.length} points in ${scenarios().length} write paths, ${tried.length} tried, ${killed} killed`],
  }
}

/** Runs the scenario once to its end and counts the calls of each kind, by the thread that makes the most of them. */
async function findPoints(directory: string, scenario: Scenario): Promise<readonly CrashPoint[]> {
  const copy = join(directory, `${scenario.name}-count`)
  const trace = join(directory, `${scenario.name}.trace`)
  await cp(join(directory, scenario.name), copy, { recursive: true })
  const result = await runTracedChild(copy, scenario.name, ['-o', trace, '-e', `trace=${SYSTEM_CALLS.join(',')}`])
  if (result.killed || result.acknowledged !== scenario.steps.length)
    throw new Error(`The scenario ${scenario.name} does not run: ${result.stderr}`)
  const counts = new Map<string, number>()
  for (const line of (await readFile(trace, 'utf8')).split('\n')) {
    const match = /^(\d+)\s+(\w+)\(/.exec(line)
    if (match !== null) counts.set(`${match[2]} ${match[1]}`, (counts.get(`${match[2]} ${match[1]}`) ?? 0) + 1)
  }
  const most = new Map<string, number>()
  for (const [name, count] of counts) {
    const call = name.split(' ')[0] ?? ''
    most.set(call, Math.max(most.get(call) ?? 0, count))
  }
  return [...most].flatMap(([call, count]) => Array.from({ length: count }, (_, index) => ({ scenario, call, index: index + 1 })))
}

async function crashAt(
  directory: string,
  { scenario, call, index }: CrashPoint,
  number: number,
): Promise<{ readonly killed: boolean; readonly failures: readonly string[] }> {
  return withCopy(join(directory, scenario.name), join(directory, `run-${number}`), async (copy) => {
    const injection = `${call}:signal=SIGKILL:when=${index}`
    const result = await runTracedChild(copy, scenario.name, ['-o', '/dev/null', '-e', `trace=${call}`, '-e', `inject=${injection}`])
    return { killed: result.killed, failures: await checkDirectory(copy, scenario, result.acknowledged) }
  })
}

async function withCopy<T>(from: string, to: string, use: (copy: string) => Promise<T>): Promise<T> {
  await cp(from, to, { recursive: true })
  try {
    return await use(to)
  } finally {
    await rm(to, { recursive: true, force: true })
  }
}

function draw<T>(all: readonly T[], count: number, random: () => number): readonly T[] {
  const rest = [...all]
  const drawn: T[] = []
  while (drawn.length < count && rest.length > 0) drawn.push(...rest.splice(Math.floor(random() * rest.length), 1))
  return drawn
}

async function eachOf<T>(items: readonly T[], use: (item: T, number: number) => Promise<void>): Promise<void> {
  let next = 0
  const work = async (): Promise<void> => {
    for (let number = next++; number < items.length; number = next++) {
      const item = items[number]
      if (item !== undefined) await use(item, number)
    }
  }
  await Promise.all(Array.from({ length: CONCURRENCY }, work))
}
