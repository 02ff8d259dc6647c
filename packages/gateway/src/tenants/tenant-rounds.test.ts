import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createIds, systemClock } from '@stowage/core'
import { memoryBackend, SharedBackend } from '@stowage/core/backend'
import { sqliteMetadata, sqliteWriters } from '@stowage/core/sqlite'
import { expect, onTestFinished, test } from 'vitest'
import { TenantCatalogue } from './tenant-catalogue.ts'
import { TenantRounds } from './tenant-rounds.ts'
import { TenantStores } from './tenant-stores.ts'
import { Tenants } from './tenants.ts'
import type { OpenTenant } from './tenants.ts'

const OBSERVER = { event: () => undefined }

interface World {
  readonly tenants: Tenants<OpenTenant>
  /** Whose garbage was collected. */
  readonly collected: string[]
}

/** Tenants over a real catalogue, of whom nothing is kept. */
async function openWorld(names: readonly string[]): Promise<World> {
  const metadata = sqliteMetadata({ temporary: true, worker: 'inline' })
  await metadata.open()
  onTestFinished(() => metadata.close())
  const directory = await mkdtemp(join(tmpdir(), 'stowage-rounds-'))
  onTestFinished(() => rm(directory, { recursive: true }))
  const shared = { directory, writers: sqliteWriters(), postgres: null, schema: '', backend: new SharedBackend(memoryBackend()) }
  const catalogue = new TenantCatalogue({ metadata, clock: systemClock, observer: OBSERVER })
  const collected: string[] = []
  const tenants = new Tenants<OpenTenant>({
    catalogue,
    stores: new TenantStores({ ...shared, presigning: false, migrate: true }),
    open: async ({ name }, own) => {
      await own.metadata.open()
      return {
        createRootKey: async () => ({ accessKeyId: 'key', secretAccessKey: 'secret' }),
        collectGarbage: async () => {
          collected.push(name)
          if (name === 'b') throw new Error('b is damaged')
        },
        close: () => own.metadata.close(),
      }
    },
    openMax: 10,
    idleSeconds: 300,
    requestsMax: 1,
    clock: systemClock,
    ids: createIds(),
    observer: OBSERVER,
  })
  onTestFinished(() => tenants.close())
  for (const name of names) {
    await tenants.create({ name, hosts: [], requestsMax: null })
    // So that it is not open.
    await tenants.suspend(name)
    await tenants.resume(name)
  }
  return { tenants, collected }
}

test('each round goes on where the last one ended, and one that fails does not stop it', async () => {
  const { tenants, collected } = await openWorld(['a', 'b', 'c', 'd', 'e'])
  await tenants.suspend('d')
  const failed: string[] = []
  let mayTake = true
  const rounds = new TenantRounds({
    tenants,
    everySeconds: 3600,
    hearEverySeconds: null,
    openedMax: 2,
    openMax: 1,
    take: async () => (mayTake ? async () => undefined : null),
    onFault: (_error, { name }) => void failed.push(name),
  })
  const seen = async (): Promise<string> => {
    await rounds.round()
    return collected.splice(0).join('')
  }
  expect([await seen(), await seen(), await seen()]).toEqual(['ab', 'ce', 'ab'])
  expect(failed).toEqual(['b', 'b'])
  for (const name of ['a', 'c']) {
    const tenant = tenants.catalogue.find(name)
    if (tenant !== null) (await tenants.use(tenant)).release()
  }
  // Of those that are open one in each round, of the others two.
  expect([await seen(), await seen()]).toEqual(['aeb', 'ceb'])
  mayTake = false
  expect([await seen(), await seen()]).toEqual(['a', 'c'])
})
