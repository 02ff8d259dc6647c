import { readFile } from 'node:fs/promises'

/** Reads a file that an operator named. Throws with a sentence where it cannot. */
export async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    throw new Error(`The file ${file} cannot be read: ${(error as Error).message}`, { cause: error })
  }
}
