import { chmod, copyFile, open, readdir, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'

/** Makes the entries of a directory survive a power cut. */
export async function syncDirectory(directory: string): Promise<void> {
  // Windows opens no directories, and keeps their entries by itself.
  if (process.platform === 'win32') return
  const handle = await open(directory, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Makes what is in a file survive a power cut. */
export async function syncFile(file: string): Promise<void> {
  const handle = await open(file, 'r+')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Copies a file under another name (0600), whole or not at all. */
export async function copyWhole(from: string, to: string): Promise<void> {
  const part = `${to}.part`
  await copyFile(from, part)
  await chmod(part, 0o600)
  await syncFile(part)
  await rename(part, to)
  await syncDirectory(dirname(to))
}

/** Makes a file that is empty, and its owner's alone, where it is not there. */
export async function makePrivate(file: string): Promise<void> {
  const handle = await open(file, 'a', 0o600)
  await handle.close()
}

/** Removes a file of SQLite, with what lies beside it; not its lock. */
export async function removeDatabase(file: string): Promise<void> {
  for (const end of ['-wal', '-shm', '']) await rm(`${file}${end}`, { force: true })
}

/** The names in a directory; none where there is no such directory. */
export async function namesIn(directory: string): Promise<readonly string[]> {
  try {
    return await readdir(directory)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}
