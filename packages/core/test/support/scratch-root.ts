import { statfs } from 'node:fs/promises'
import { tmpdir } from 'node:os'

const MEMORY = '/dev/shm'
/** A container may have as little as 64 MiB there. */
const MEMORY_BYTES_MIN = 2 * 1024 ** 3

/**
 * Where stores lie that need no disk, because no test asks what a power cut leaves of them: in memory where the machine
 * has that as files (Linux). Each close of a SQLite file is two fsyncs otherwise, which wait for all others at the disk.
 */
export async function scratchRoot(): Promise<string> {
  try {
    const { bavail, bsize } = await statfs(MEMORY)
    if (bavail * bsize >= MEMORY_BYTES_MIN) return MEMORY
  } catch {
    // Not there.
  }
  return tmpdir()
}
