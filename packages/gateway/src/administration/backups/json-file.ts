import { open, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { CheckedFields } from '../../stores/checked-fields.ts'
import { syncDirectory } from './backup-files.ts'

/** Reads a file of JSON, to be taken apart field by field; null where there is none. */
export async function readJsonFile(directory: string, name: string): Promise<CheckedFields | null> {
  let text: string
  try {
    text = await readFile(join(directory, name), 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
  return new CheckedFields(JSON.parse(text), name)
}

/** Writes a file of JSON (0600), whole or not at all. */
export async function writeJsonFile(directory: string, name: string, value: object): Promise<void> {
  const file = join(directory, name)
  const handle = await open(`${file}.new`, 'w', 0o600)
  try {
    await handle.writeFile(`${JSON.stringify(value, null, 2)}\n`)
    await handle.sync()
  } finally {
    await handle.close()
  }
  await rename(`${file}.new`, file)
  await syncDirectory(directory)
}
