import { execFileSync } from 'node:child_process'
import { statfsSync } from 'node:fs'
import { availableParallelism, cpus, loadavg, release, totalmem, type } from 'node:os'

/** What a figure is worth depends on: enough to compare runs, nothing that names the host. */
export interface Machine {
  readonly cores: number
  readonly processor: string
  readonly memoryGib: number
  readonly kernel: string
  readonly fileSystem: string
  readonly node: string
  /** Runnable tasks in the minute before: well above nought means that others were at work. */
  readonly loadBefore: number
}

/** The magic numbers of statfs(2). */
const FILE_SYSTEMS: Readonly<Record<number, string>> = {
  0xef53: 'ext4',
  0x58465342: 'xfs',
  0x9123683e: 'btrfs',
  0x01021994: 'tmpfs',
  0x794c7630: 'overlayfs',
  0x2fc12fc1: 'zfs',
}

/** Looks at the machine, and at the file system that the data will be on. */
export function describeMachine(directory: string): Machine {
  const { type: magic } = statfsSync(directory)
  return {
    cores: availableParallelism(),
    processor: (cpus()[0]?.model ?? 'unknown').trim(),
    memoryGib: Math.round(totalmem() / 1024 ** 3),
    kernel: `${type()} ${release()}`,
    fileSystem: FILE_SYSTEMS[magic] ?? `type 0x${magic.toString(16)}`,
    node: process.version,
    loadBefore: Number((loadavg()[0] ?? 0).toFixed(2)),
  }
}

/** The commit that was measured. */
export function describeCommit(): { readonly commit: string; readonly changed: boolean } {
  const git = (...args: string[]): string => execFileSync('git', args, { encoding: 'utf8' }).trim()
  // Sources of the packages only: what else has changed is not measured.
  return { commit: git('rev-parse', '--short', 'HEAD'), changed: git('status', '--porcelain', '--', 'packages') !== '' }
}
