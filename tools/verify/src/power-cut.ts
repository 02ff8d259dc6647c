import { spawn } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { checkDirectory } from './crash/check-directory.ts'
import { childCommand, readAcknowledgements, runChild } from './crash/run-child.ts'
import { scenarios } from './crash/scenarios.ts'
import type { Scenario } from './crash/scenarios.ts'
import type { Mutant } from './crash/stores.ts'
import { withTemporaryDirectory } from './crash/temporary-directory.ts'
import { program, root } from './needs.ts'
import { mustRun } from './run-command.ts'
import type { StepContext, StepResult, VerifyStep } from './step.ts'

/** A file system on a file, and how to cut its power: what was not synced is gone. */
interface Disk {
  readonly name: 'xfs' | 'ext4'
  readonly make: readonly string[]
  readonly cut: readonly string[]
}

const DISKS: readonly Disk[] = [
  { name: 'xfs', make: ['mkfs.xfs', '-q'], cut: ['xfs_io', '-x', '-c', 'shutdown'] },
  { name: 'ext4', make: ['mkfs.ext4', '-q', '-F'], cut: ['xfs_io', '-F', '-x', '-c', 'shutdown'] },
]
const SIZE = '512M'
const ROUNDS = 3

/** Without these syncs an acknowledged object must get lost, or the test would prove nothing. */
const MUTANTS: readonly { readonly name: string; readonly mutant: Mutant }[] = [
  { name: 'no sync of blobs and directories', mutant: { backend: 'process' } },
  { name: 'synchronous=NORMAL', mutant: { metadata: 'process' } },
]

/** Cuts the power behind each acknowledgement of each write path, on two file systems. */
export const powerCut: VerifyStep = {
  name: 'power-cut',
  claim: 'After a power cut no acknowledged object is lost; a store without the syncs of its blobs, or with synchronous=NORMAL, loses one.',
  needs: [root, program('xfs_io'), program('mkfs.xfs'), program('mkfs.ext4'), program('losetup')],
  run: (context) => withTemporaryDirectory((directory) => run(directory, context)),
}

async function run(directory: string, context: StepContext): Promise<StepResult> {
  const failures: string[] = []
  const notes: string[] = []
  let cases = 0
  for (const disk of context.sample ? DISKS.slice(0, 1) : DISKS) {
    for (const scenario of context.sample ? scenarios().slice(0, 3) : scenarios()) {
      for (let round = 0; round < (context.sample ? 1 : ROUNDS); round++) {
        const found = await cutAfterLastAcknowledgement(directory, { disk, scenario, mutant: {} })
        failures.push(...found.map((failure) => `${disk.name}, ${scenario.name}: ${failure}`))
        cases += 1
      }
    }
    for (const { name, mutant } of MUTANTS) {
      const lost = await mutantLoses(directory, disk, mutant)
      cases += 1
      notes.push(`${disk.name}, ${name}: ${lost ? 'an acknowledged object was lost, as it must be' : 'nothing was lost'}`)
      if (!lost) failures.push(`${disk.name}: the mutant "${name}" lost nothing`)
    }
    context.log(`${disk.name}: done`)
  }
  return { cases, failures, notes }
}

async function mutantLoses(directory: string, disk: Disk, mutant: Mutant): Promise<boolean> {
  for (const scenario of scenarios().filter(({ name }) => name === 'put-blob' || name === 'put-inline' || name === 'overwrite')) {
    const found = await cutAfterLastAcknowledgement(directory, { disk, scenario, mutant })
    if (found.length > 0) return true
  }
  return false
}

interface Cut {
  readonly disk: Disk
  readonly scenario: Scenario
  readonly mutant: Mutant
}

/** Prepares on a fresh disk, runs the steps, and cuts the power the moment the last one is acknowledged. */
async function cutAfterLastAcknowledgement(directory: string, { disk, scenario, mutant }: Cut): Promise<readonly string[]> {
  const image = join(directory, 'disk.img')
  const mountPoint = join(directory, 'mount')
  await mkdir(mountPoint, { recursive: true })
  await mustRun('truncate', ['-s', '0', image])
  await mustRun('truncate', ['-s', SIZE, image])
  await mustRun(disk.make[0] ?? '', [...disk.make.slice(1), image])
  await mustRun('mount', ['-o', 'loop', image, mountPoint])
  try {
    const data = join(mountPoint, 'data')
    const prepared = await runChild(data, scenario.name, { mode: 'prepare' })
    if (prepared.code !== 0) throw new Error(`The scenario ${scenario.name} could not be prepared: ${prepared.stderr}`)
    await mustRun('sync', ['-f', mountPoint])
    const acknowledged = await runAndCut({ data, mountPoint, disk, scenario, mutant })
    await mustRun('umount', [mountPoint])
    await mustRun('mount', ['-o', 'loop', image, mountPoint])
    return await problemsOf(data, scenario, acknowledged)
  } finally {
    await mustRun('umount', [mountPoint])
  }
}

/** A store that cannot even be opened is lost too. */
async function problemsOf(data: string, scenario: Scenario, acknowledged: number): Promise<readonly string[]> {
  try {
    return await checkDirectory(data, scenario, acknowledged)
  } catch (error) {
    return [`the store cannot be read: ${String(error)}`]
  }
}

interface Running extends Cut {
  readonly data: string
  readonly mountPoint: string
}

function runAndCut({ data, mountPoint, disk, scenario, mutant }: Running): Promise<number> {
  const [command = '', ...args] = childCommand(data, scenario.name, { mode: 'hang', mutant })
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    let stdout = ''
    const finish = async (): Promise<void> => {
      await mustRun(disk.cut[0] ?? '', [...disk.cut.slice(1), mountPoint])
      child.kill('SIGKILL')
    }
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      const before = readAcknowledgements(stdout).acknowledged
      stdout += text
      const { acknowledged } = readAcknowledgements(stdout)
      if (acknowledged > before && acknowledged === scenario.steps.length) finish().catch(reject)
    })
    child.on('error', reject)
    // The mount is busy for a moment longer than the process lives.
    child.on('close', () => void sleep(50).then(() => resolve(readAcknowledgements(stdout).acknowledged)))
  })
}
