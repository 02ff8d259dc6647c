import { openEngine, ownersOnly } from '@stowage/core'
import type { Backend } from '@stowage/core'
import { fsBackend } from '@stowage/backend-fs'
import { postgresMetadata } from '@stowage/core/postgres'
import { poolOf } from '../../../../packages/core/test/pool-of.ts'
import { LEASES } from './leases.ts'

/*
 * A process that collects garbage in the background until it is in the middle of it: half of what it has claimed is deleted, no row knows of
 * that yet, and it says so. There it waits to be killed. Its arguments: the database, the directory of the blobs, and how far its store's
 * clock is ahead, in milliseconds.
 */

const [url = '', directory = '', aheadMs = ''] = process.argv.slice(2)
const inner = fsBackend({ directory })
const backend: Backend = {
  contract: inner.contract,
  name: inner.name,
  limits: inner.limits,
  init: (options) => inner.init(options),
  put: (key, body, options) => inner.put(key, body, options),
  get: (key, options) => inner.get(key, options),
  list: (options) => inner.list(options),
  close: () => inner.close(),
  delete: async (keys) => {
    await inner.delete(keys.slice(0, Math.ceil(keys.length / 2)))
    process.stdout.write('in the middle\n')
    await new Promise<never>(() => undefined)
  },
}
await openEngine({
  metadata: postgresMetadata({ pool: poolOf(url), clock: () => new Date(Date.now() + Number(aheadMs)) }),
  backend,
  policy: ownersOnly(),
  limits: LEASES,
  background: { garbageEverySeconds: 0.1 },
})
// What works in the background keeps no process alive.
setInterval(() => undefined, 60_000)
