import { isStorageError } from '../../errors/storage-error.ts'
import type { DeleteBucketCommand, DeleteBucketOutcome, DeleteObjectsCommand, DeleteOutcome } from '../commands.ts'
import type { ExpireInput } from './commands/uploads.ts'
import type { SqlDriver } from './sql-driver.ts'

/** A chunk is one transaction. Where there are several and one fails, its keys say so and the others keep their outcomes. */
export async function deleteInChunks(driver: SqlDriver, command: DeleteObjectsCommand): Promise<readonly DeleteOutcome[]> {
  const { keys } = command
  if (keys.length <= driver.keysPerCommand) return driver.command('deleteObjects', command)
  const outcomes: DeleteOutcome[] = []
  for (let at = 0; at < keys.length; at += driver.keysPerCommand) {
    const chunk = keys.slice(at, at + driver.keysPerCommand)
    try {
      outcomes.push(...(await driver.command('deleteObjects', { ...command, keys: chunk })))
    } catch (error) {
      if (!isStorageError(error)) throw error
      outcomes.push(...chunk.map((): DeleteOutcome => ({ outcome: 'fault', error })))
    }
  }
  return outcomes
}

/** Ending its uploads prepares it, step by step; the bucket itself goes at once, with the last of them. */
export async function deleteBucketInSteps(driver: SqlDriver, command: DeleteBucketCommand): Promise<DeleteBucketOutcome> {
  for (;;) {
    const step = await driver.command('deleteBucket', command)
    if (step.outcome !== 'uploads-left') return step
  }
}

/** A chunk is one transaction: others wait for it, and on Postgres each upload that goes is a lock. */
export async function expireInChunks(driver: SqlDriver, { answersKeptSeconds, limit }: ExpireInput): Promise<number> {
  let count = 0
  while (count < limit) {
    const chunk = Math.min(limit - count, driver.keysPerCommand)
    const expired = await driver.command('expireUploads', { answersKeptSeconds, limit: chunk })
    count += expired
    if (expired === 0) break
  }
  return count
}
