import { mkdir, open } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'

/**
 * Makes a directory, and those above it, where they are missing; only their owner may look inside. Each is in its parent for good: what is
 * acknowledged later must not go with the name of a directory.
 */
export async function makeDirectory(directory: string): Promise<void> {
  const whole = resolve(directory)
  const first = await mkdir(whole, { recursive: true, mode: 0o700 })
  if (first === undefined) return
  for (let made = whole; ; made = dirname(made)) {
    await syncDirectory(dirname(made))
    if (made === first) return
  }
}

async function syncDirectory(directory: string): Promise<void> {
  // Windows opens no directories, and keeps their entries by itself.
  if (process.platform === 'win32') return
  const handle = await open(directory, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
