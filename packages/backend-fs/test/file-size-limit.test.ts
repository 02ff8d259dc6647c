import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const run = promisify(execFile)
const child = join(dirname(fileURLToPath(import.meta.url)), 'fixtures', 'put-above-limit.ts')

// A real short write and a real refusal, without root: the kernel cuts a file at RLIMIT_FSIZE as it does on a full disk.
// Windows knows no such limit, so there is nothing to test there.
if (process.platform !== 'win32') {
  test('a file that the kernel cuts short is StorageFull, and nothing of it stays', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'stowage-limit-'))
    try {
      const script = `ulimit -f 300 && exec "$0" "$@"`
      const { stdout } = await run('bash', ['-c', script, process.execPath, '-C', '@stowage/source', child, directory])
      expect(JSON.parse(stdout)).toEqual({ code: 'StorageFull', cause: 'EFBIG', keys: ['small'], files: ['small'] })
    } finally {
      await rm(directory, { recursive: true })
    }
  })
}
