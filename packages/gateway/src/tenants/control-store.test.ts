import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { sqliteMetadata, sqliteWriters } from '@stowage/core/sqlite'
import { expect, onTestFinished, test } from 'vitest'
import { temporaryDirectory } from '../../test/stowage-process.ts'
import { tenantsWorld } from '../../test/tenants-world.ts'
import { isControlStore, openControlStore } from './control-store.ts'
import { roundLease } from './round-lease.ts'

const CODE = new URL('../../../core/src/metadata/sqlite/sqlite-writer-worker.ts', import.meta.url)

test('the server’s own store is opened again when the thread that writes it has died', async () => {
  const started: Worker[] = []
  const writers = sqliteWriters({
    worker: (options) => {
      const worker = new Worker(CODE, options)
      started.push(worker)
      return worker
    },
  })
  const control = await openControlStore({ directory: await temporaryDirectory(), migrate: true, writers })
  onTestFinished(() => control.close())
  const take = roundLease(control, 'one')
  await (
    await take()
  )?.()
  await started[0]?.terminate()
  await expect(control.metadata.takeJob({ id: 'x', owner: 'y', kind: 'x', leaseSeconds: 60 })).rejects.toMatchObject({
    code: 'StoreUnavailable',
  })
  expect(await take()).not.toBeNull()
  expect(await roundLease(control, 'other')()).toBeNull()
  expect(started).toHaveLength(2)
})

test('the store of a tenant does not become a server’s own', async () => {
  const { directory, make, tenants } = await tenantsWorld()
  const { place } = await make('acme')
  await tenants.suspend('acme')
  const other = await temporaryDirectory()
  const file = join(other, 'control.sqlite')
  await cp(join(directory, 'tenants', place.kind === 'sqlite' ? place.folder : '', 'metadata.sqlite'), file)
  const options = { directory: other, migrate: true, writers: sqliteWriters({ threadsMax: 1 }) }
  await expect(openControlStore(options)).rejects.toThrow('the store of a tenant')
  // It was closed again, and nothing was written into it.
  const metadata = sqliteMetadata({ file, worker: 'inline' })
  await metadata.open()
  onTestFinished(() => metadata.close())
  expect(await isControlStore(metadata)).toBe(false)
})
