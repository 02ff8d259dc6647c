import { mkdir } from 'node:fs/promises'

/** Makes the directory where it is missing. Only its owner may look inside: everybody's bytes are there, and the credentials. */
export async function makeDataDirectory(directory: string): Promise<void> {
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 })
  } catch (error) {
    throw new Error(`The data directory ${directory} cannot be made: ${(error as Error).message}`, { cause: error })
  }
}
