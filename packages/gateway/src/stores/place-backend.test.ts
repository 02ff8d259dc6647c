import { access, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sqliteMetadata } from '@stowage/core/sqlite'
import { expect, test } from 'vitest'
import { IN_DIRECTORY } from './backend-location.ts'
import type { FileLocation } from './backend-location.ts'
import { writeKeptBackend } from './kept-backend.ts'
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
