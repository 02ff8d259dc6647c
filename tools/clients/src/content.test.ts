import { createHash } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { bytesOf, multipartETag, sha256Of, writeBytes } from './content.ts'

test('a file and a buffer of one name have the same bytes, no piece of them twice', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'stowage-content-'))
  try {
    const file = join(directory, 'file')
    await writeBytes(file, 'name', 3_000_000)
    const bytes = bytesOf('name', 3_000_000)
    expect((await readFile(file)).equals(bytes)).toBe(true)
    expect(await sha256Of(file)).toBe(createHash('sha256').update(bytes).digest('hex'))
    expect(bytes.subarray(0, 1_000_000).equals(bytes.subarray(1_000_000, 2_000_000))).toBe(false)
    const md5 = (part: Buffer): Buffer => createHash('md5').update(part).digest()
    const parts = [bytes.subarray(0, 2_000_000), bytes.subarray(2_000_000)]
    expect(await multipartETag(file, 2_000_000)).toBe(`"${md5(Buffer.concat(parts.map(md5))).toString('hex')}-2"`)
  } finally {
    await rm(directory, { recursive: true })
  }
})
