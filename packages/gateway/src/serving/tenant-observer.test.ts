import { StorageError } from '@stowage/core'
import { expect, test } from 'vitest'
import { tenantObserver } from './tenant-observer.ts'

test('events of a tenant say whose they are; it is worn out by what goes away only when it is opened anew', () => {
  const heard: unknown[] = []
  let wornOut = 0
  const observer = tenantObserver('acme', { event: (name, fields) => void heard.push([name, fields]) }, () => (wornOut += 1))
  const unavailable = { store: 'sqlite', reason: 'test' }
  const passing = [
    new StorageError('StorageFull', { where: 'sqlite' }, { retryable: true }),
    new StorageError('StoreUnavailable', unavailable, { retryable: true }),
    new Error('connection refused'),
  ]
  for (const error of passing) observer.event('heartbeat.failed', { error })
  observer.event('job.failed', { error: new StorageError('StoreUnavailable', unavailable) })
  expect([wornOut, heard.length]).toEqual([0, 4])
  expect(heard[2]).toEqual(['heartbeat.failed', { error: passing[2], tenant: 'acme' }])
  observer.event('heartbeat.failed', { error: new StorageError('StoreUnavailable', unavailable) })
  expect(wornOut).toBe(1)
})
