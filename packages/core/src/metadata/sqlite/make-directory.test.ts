import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { makeDirectory } from './make-directory.ts'
import { sqliteMetadata } from './sqlite-metadata.ts'

async function temporaryDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'stowage-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  return directory
}

test('a directory is made with those above it, for its owner alone; one that is there stays as it is', async () => {
  const parent = await temporaryDirectory()
  await makeDirectory(join(parent, 'a/b/c'))
  for (const path of ['a', 'a/b', 'a/b/c']) expect((await stat(join(parent, path))).mode & 0o777).toBe(0o700)
  await mkdir(join(parent, 'open'), { mode: 0o755 })
  await makeDirectory(join(parent, 'open'))
  expect((await stat(join(parent, 'open'))).mode & 0o777).toBe(0o755)
})

test('a database makes its directory; who only looks makes none, and a file in its place is said', async () => {
  const parent = await temporaryDirectory()
  const looking = sqliteMetadata({ file: join(parent, 'none/metadata.sqlite'), migrate: false })
  const reason = 'the directory of the database does not exist'
  await expect(looking.open()).rejects.toMatchObject({ code: 'StoreUnavailable', details: { reason } })
  expect(await readdir(parent)).toEqual([])
  await writeFile(join(parent, 'file'), '')
  const blocked = sqliteMetadata({ file: join(parent, 'file/metadata.sqlite') })
  await expect(blocked.open()).rejects.toMatchObject({
    code: 'StoreUnavailable',
    details: { reason: expect.stringContaining('cannot be made') },
  })
  const metadata = sqliteMetadata({ file: join(parent, 'data/metadata.sqlite'), worker: 'inline' })
  await metadata.open()
  await metadata.close()
  expect(await readdir(join(parent, 'data'))).toContain('metadata.sqlite')
})
