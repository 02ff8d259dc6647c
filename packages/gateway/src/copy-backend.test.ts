import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { memoryBackend, MovableBackend } from '@stowage/core/backend'
import { sqliteMetadata } from '@stowage/core/sqlite'
import { expect, test } from 'vitest'
import { copyBackend } from './copy-backend.ts'
import { readKeptBackend } from './kept-backend.ts'

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
