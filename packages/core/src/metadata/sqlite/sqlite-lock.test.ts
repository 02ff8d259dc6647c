import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { takeSqliteLock } from './sqlite-lock.ts'
import { sqliteMetadata } from './sqlite-metadata.ts'

let directory = ''
let file = ''
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'stowage-lock-'))
  file = join(directory, 'metadata.sqlite')
})
afterEach(() => rm(directory, { recursive: true }))

const MODULE = fileURLToPath(new URL('./sqlite-metadata.ts', import.meta.url))
const PROGRAM = `
const { sqliteMetadata } = await import(process.argv[1])
const store = sqliteMetadata({ file: process.argv[2] })
await store.open()
console.log('open')
setInterval(() => {}, 1000)
`

async function openInAnotherProcess(): Promise<ChildProcess> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', PROGRAM, MODULE, file], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [line] = await once(child.stdout, 'data')
  expect(String(line)).toBe('open\n')
  return child
}

test('a store that another process has open is refused at once; when that one is killed, it opens', async () => {
  const child = await openInAnotherProcess()
  await expect(sqliteMetadata({ file }).open()).rejects.toMatchObject({ code: 'DirectoryInUse', details: { directory } })
  const ended = once(child, 'exit')
  child.kill('SIGKILL')
  await ended
  const store = sqliteMetadata({ file })
  await store.open()
  expect(await store.policyVersion()).toBe(1)
  await expect(sqliteMetadata({ file }).open()).rejects.toMatchObject({ code: 'DirectoryInUse' })
  await store.close()
})

test('it is one file, which nobody writes: no journal whose end would wait for the disk', async () => {
  const lock = takeSqliteLock(file)
  const names = await readdir(directory)
  expect(names).toEqual([`${basename(file)}.lock`])
  expect((await stat(join(directory, names[0] ?? ''))).size).toBe(0)
  lock.release()
})

test('several share a lock, and nobody has it alone meanwhile', () => {
  const refusal = expect.objectContaining({ code: 'DirectoryInUse', details: { directory } })
  const sharing = [takeSqliteLock(file, { shared: true }), takeSqliteLock(file, { shared: true })]
  for (const each of sharing) {
    expect(() => takeSqliteLock(file)).toThrow(refusal)
    each.release()
  }
  const alone = takeSqliteLock(file)
  expect(() => takeSqliteLock(file, { shared: true })).toThrow(refusal)
  expect(() => takeSqliteLock(file)).toThrow(refusal)
  alone.release()
  alone.release()
  takeSqliteLock(file, { shared: true }).release()
})

test('a directory that cannot be made is a clear error, and nothing is left open', async () => {
  await writeFile(join(directory, 'taken'), '')
  const store = sqliteMetadata({ file: join(directory, 'taken', 'metadata.sqlite') })
  await expect(store.open()).rejects.toMatchObject({ code: 'StoreUnavailable' })
  await expect(store.policyVersion()).rejects.toMatchObject({ code: 'StoreUnavailable' })
  await store.close()
})
