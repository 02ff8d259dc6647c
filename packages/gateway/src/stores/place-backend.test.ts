import { access, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseBlobKey } from '@stowage/core/backend'
import { sqliteMetadata } from '@stowage/core/sqlite'
import { expect, test } from 'vitest'
import { IN_DIRECTORY } from './backend-location.ts'
import type { FileLocation } from './backend-location.ts'
import { readKeptBackend, writeKeptBackend } from './kept-backend.ts'
import { placeBackend } from './place-backend.ts'

test('a directory with bytes that is not there any more is not made anew: a move would find nothing in it, and end', async () => {
  const parent = await mkdtemp(join(tmpdir(), 'stowage-'))
  const metadata = sqliteMetadata({ temporary: true, worker: 'inline' })
  await metadata.open()
  const [dataDirectory, gone] = [join(parent, 'data'), join(parent, 'unmounted')]
  const current: FileLocation = { kind: 'file', directory: join(parent, 'new') }
  const unmounted: FileLocation = { kind: 'file', directory: gone }
  let version: number | null = null
  for (const [places, missing] of [
    [{ current, former: unmounted }, gone],
    [{ current, former: IN_DIRECTORY }, dataDirectory],
    [{ current: unmounted, former: null }, gone],
  ] as const) {
    version = await writeKeptBackend(metadata, { ...places, through: null }, version)
    const backend = placeBackend({ metadata, dataDirectory, mayBegin: false })
    await expect(backend.init()).rejects.toThrow(`${missing} is not a data directory`)
    await backend.close()
    await expect(access(missing)).rejects.toThrow('ENOENT')
  }
  await metadata.close()
  await rm(parent, { recursive: true })
})

test('servers that begin at the same time begin in the same place; one that was told of another place is refused', async () => {
  const parent = await mkdtemp(join(tmpdir(), 'stowage-'))
  const metadata = sqliteMetadata({ temporary: true, worker: 'inline' })
  await metadata.open()
  const server = (name: string, wanted: string) =>
    placeBackend({ metadata, dataDirectory: join(parent, name), wanted: `file:${join(parent, wanted)}` })
  const servers = [1, 2, 3, 4].map((at) => server(`server-${at}`, 'shared'))
  await Promise.all(servers.map((backend) => backend.init()))
  expect(await readKeptBackend(metadata)).toEqual({ current: `file:${join(parent, 'shared')}`, former: null, through: null, version: 1 })
  // The first of them writes before the last one has begun.
  await metadata.reserveBlobs({ processId: 'server-1', blobs: [{ backendId: 'main', blob: parseBlobKey('x') }] })
  const late = server('server-5', 'shared')
  await late.init()
  const elsewhere = server('server-6', 'elsewhere')
  await expect(elsewhere.init()).rejects.toThrow(`The bytes of this store are in file:${join(parent, 'shared')}, not in file:`)
  for (const backend of [...servers, late, elsewhere]) await backend.close()
  await metadata.close()
  await rm(parent, { recursive: true })
})

test('of servers that begin at the same time in different places one begins', async () => {
  const parent = await mkdtemp(join(tmpdir(), 'stowage-'))
  const metadata = sqliteMetadata({ temporary: true, worker: 'inline' })
  await metadata.open()
  const servers = ['a', 'b', 'c'].map((name) =>
    placeBackend({ metadata, dataDirectory: join(parent, name), wanted: `file:${join(parent, `of-${name}`)}` }),
  )
  const begun = await Promise.allSettled(servers.map((backend) => backend.init()))
  const first = begun.findIndex(({ status }) => status === 'fulfilled')
  expect((await readKeptBackend(metadata)).current).toBe(`file:${join(parent, `of-${'abc'[first]}`)}`)
  for (const [at, each] of begun.entries()) {
    if (at === first) continue
    expect(each).toEqual({
      status: 'rejected',
      reason: expect.objectContaining({ message: expect.stringMatching(/^The bytes of this store are in file:/) }),
    })
  }
  for (const backend of servers) await backend.close()
  await metadata.close()
  await rm(parent, { recursive: true })
})
