import { mkdir } from 'node:fs/promises'
import { mustRun } from './run-command.ts'

/** A disk of this size, such as `24m`, for as long as it is used. Needs root. */
export async function withTmpfs<T>(mountPoint: string, size: string, use: () => Promise<T>): Promise<T> {
  await mkdir(mountPoint, { recursive: true })
  await mustRun('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', mountPoint])
  try {
    return await use()
  } finally {
    await mustRun('umount', [mountPoint])
  }
}
