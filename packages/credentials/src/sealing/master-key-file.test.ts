import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { masterKeyFile } from './master-key-file.ts'
import { openSecret, resealSecret, sealSecret } from './seal-secret.ts'

const root = await mkdtemp(join(tmpdir(), 'stowage-master-'))
afterAll(() => rm(root, { recursive: true, force: true }))
let files = 0
const newPath = (): string => join(root, `${(files += 1)}-master.key`)
const FOR = { purpose: 'test', id: 'one' }

test('is made at its first use, for its owner only, and says the same the next time', async () => {
  const path = newPath()
  const keys = masterKeyFile(path)
  await expect(stat(path)).rejects.toMatchObject({ code: 'ENOENT' })
  const sealed = await sealSecret(Buffer.from('secret'), FOR, keys)
  expect((await stat(path)).mode & 0o777).toBe(0o600)
  const again = masterKeyFile(path)
  expect(await again.current()).toEqual(await keys.current())
  expect(Buffer.from(await openSecret(sealed, FOR, again)).toString()).toBe('secret')
  expect(await again.byId('unknown')).toBeNull()
})

test('many that make it at once have one key, and leave nothing else', async () => {
  const path = newPath()
  const made = await Promise.all(Array.from({ length: 10 }, () => masterKeyFile(path).current()))
  expect(new Set(made.map(({ id }) => id)).size).toBe(1)
  expect((await readdir(root)).filter((name) => name.startsWith(path.slice(root.length + 1)))).toHaveLength(1)
})

test('a new key is the current one, and the former one stays', async () => {
  const path = newPath()
  const keys = masterKeyFile(path)
  const sealed = await sealSecret(Buffer.from('secret'), FOR, keys)
  const former = await keys.current()
  const rotated = await keys.rotate()
  expect(rotated.id).not.toBe(former.id)
  const again = masterKeyFile(path)
  expect(await again.current()).toEqual(rotated)
  expect(await again.byId(former.id)).toEqual(former)
  const resealed = await resealSecret(sealed, FOR, again)
  expect(Buffer.from(await openSecret(resealed ?? sealed, FOR, again)).toString()).toBe('secret')
  expect((await stat(path)).mode & 0o777).toBe(0o600)
})

test('a key that another process has made is found, and is not lost by the next one', async () => {
  const path = newPath()
  const [here, there] = [masterKeyFile(path), masterKeyFile(path)]
  const first = await here.current()
  expect(await there.current()).toEqual(first)
  const second = await there.rotate()
  const sealed = await sealSecret(Buffer.from('secret'), FOR, there)
  expect(Buffer.from(await openSecret(sealed, FOR, here)).toString()).toBe('secret')
  const stale = masterKeyFile(path)
  await stale.current()
  const third = await there.rotate()
  const fourth = await stale.rotate()
  for (const { id } of [first, second, third, fourth]) expect(await masterKeyFile(path).byId(id)).toMatchObject({ id })
})

describe('a file that is damaged is neither read nor replaced', () => {
  const key = 'A'.repeat(43)
  test.each([
    ['empty', ''],
    ['only words', '# keys\n'],
    ['a key that is cut', `${key}\n${key.slice(1)}\n`],
    ['a key that is not base64url', `${key.slice(1)}!\n`],
    ['spaces', ` ${key}\n`],
  ])('%s', async (_, text) => {
    const path = newPath()
    await writeFile(path, text)
    const keys = masterKeyFile(path)
    const damaged = { code: 'StoreUnavailable', details: { reason: expect.stringMatching(/is damaged$/) } }
    await expect(keys.current()).rejects.toMatchObject(damaged)
    await expect(keys.rotate()).rejects.toMatchObject(damaged)
    expect(await readFile(path, 'utf8')).toBe(text)
    // Put right, it is read.
    await writeFile(path, `${key}\n`)
    expect((await keys.current()).bytes).toEqual(new Uint8Array(32))
  })

  test('nor one in a directory that is not there made', async () => {
    const keys = masterKeyFile(join(root, 'missing', 'master.key'))
    await expect(keys.current()).rejects.toMatchObject({ code: 'StoreUnavailable', details: { reason: expect.stringMatching(/cannot be written$/) } }) // prettier-ignore
  })
})

test('two rotations at once of one process make two keys, and keep both', async () => {
  const path = newPath()
  const keys = masterKeyFile(path)
  const made = [await keys.current(), ...(await Promise.all([keys.rotate(), keys.rotate(), keys.rotate()]))]
  expect(new Set(made.map(({ id }) => id)).size).toBe(4)
  for (const { id } of made) expect(await masterKeyFile(path).byId(id)).toMatchObject({ id })
})

test('a file that is full takes no further key, and stays as it is', async () => {
  const path = newPath()
  const line = (at: number): string => `${Buffer.alloc(32, String(at).padStart(32, '0')).toString('base64url')}\n`
  await writeFile(path, Array.from({ length: 1_000 }, (_, at) => line(at)).join(''))
  const keys = masterKeyFile(path)
  const current = await keys.current()
  await expect(keys.rotate()).rejects.toMatchObject({ code: 'StoreUnavailable' })
  expect(await masterKeyFile(path).current()).toEqual(current)
  expect(await keys.current()).toEqual(current)
})
