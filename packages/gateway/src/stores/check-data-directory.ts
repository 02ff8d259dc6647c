import { access } from 'node:fs/promises'
import { join } from 'node:path'

/** The folder of a data directory that has the bytes. */
export const BLOBS_FOLDER = 'blobs'

/** Throws where a directory lacks what every served one has: opening it would make an empty store, and find it in perfect order. */
export async function checkDataDirectory(directory: string, sign: string): Promise<void> {
  await access(join(directory, sign)).catch((error: unknown) => {
    throw new Error(`${directory} is not a data directory: it has no ${sign} that can be read.`, { cause: error })
  })
}
