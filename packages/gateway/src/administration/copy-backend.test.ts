import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { memoryBackend, MovableBackend } from '@stowage/core/backend'
import { sqliteMetadata } from '@stowage/core/sqlite'
import { expect, test } from 'vitest'
import { parseBackendLocation } from '../stores/backend-location.ts'
import { copyBackend } from './copy-backend.ts'
import { readKeptBackend, writeKeptBackend } from '../stores/kept-backend.ts'
import { placeBackend } from '../stores/place-backend.ts'

test('a server that goes by an older move than the metadata begins no other: it would say that bytes are where none went', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'stowage-'))
  const metadata = sqliteMetadata({ temporary: true, worker: 'inline' })
  await metadata.open()
  const movable = new MovableBackend({ current: memoryBackend(), former: memoryBackend() })
  await movable.init()
  const kept = await readKeptBackend(metadata)
  const store = { metadata, movable, dataDirectory: join(directory, 'data'), presigning: false }
  const copying = copyBackend(store, { to: `file:${join(directory, 'other')}`, from: null, concurrency: null }, {})
  await expect(copying).rejects.toThrow('start this one anew')
  expect(await readKeptBackend(metadata)).toEqual(kept)
  await movable.close()
  await metadata.close()
  await rm(directory, { recursive: true })
})

test('a server that has been open through the whole move of another one begins none, either', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'stowage-'))
  const metadata = sqliteMetadata({ temporary: true, worker: 'inline' })
  await metadata.open()
  const [data, other] = [join(directory, 'data'), join(directory, 'other')]
  const movable = placeBackend({ metadata, dataDirectory: data })
  await movable.init()
  await writeKeptBackend(metadata, { current: parseBackendLocation(`file:${other}`, data), former: null, through: null }, null)
  const store = { metadata, movable, dataDirectory: data, presigning: false }
  const copying = copyBackend(store, { to: `file:${join(directory, 'third')}`, from: null, concurrency: null }, {})
  await expect(copying).rejects.toThrow('start this one anew')
  expect((await readKeptBackend(metadata)).current).toBe(`file:${other}`)
  await movable.close()
  await metadata.close()
  await rm(directory, { recursive: true })
})

test.each([
  ['', '/inner'],
  ['/inner', ''],
  ['/a', '/a/b'],
])('in one bucket of Google, blobs do not go from %j to %j: one listing has what is in both', async (former, current) => {
  const metadata = sqliteMetadata({ temporary: true, worker: 'inline' })
  await metadata.open()
  const movable = new MovableBackend({ current: memoryBackend(), former: null })
  await movable.init()
  const url = (prefix: string): string => `gs://bucket${prefix}?apiEndpoint=http://127.0.0.1:1`
  await writeKeptBackend(metadata, { current: parseBackendLocation(url(former), null), former: null, through: null }, null)
  const store = { metadata, movable, dataDirectory: '/data', presigning: false }
  await expect(copyBackend(store, { to: url(current), from: null, concurrency: null }, {})).rejects.toThrow('within')
  await movable.close()
  await metadata.close()
})
