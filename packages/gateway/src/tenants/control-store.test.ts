import { Worker } from 'node:worker_threads'
import { sqliteWriters } from '@stowage/core/sqlite'
import { expect, onTestFinished, test } from 'vitest'
import { temporaryDirectory } from '../../test/stowage-process.ts'
import { openControlStore } from './control-store.ts'
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
