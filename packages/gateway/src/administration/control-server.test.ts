import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { storedPolicies } from '@stowage/core'
import type { FsckReport } from '@stowage/core'
import { AccessKeys, StoredCredentials, temporaryMasterKeys } from '@stowage/credentials'
import { expect, onTestFinished, test } from 'vitest'
import { administer } from './administration.ts'
import type { Administration, AdministrationFsck } from './administration.ts'
import { connectControl } from './control-client.ts'
import { listenForControl } from './control-server.ts'
import { storesOf } from '../stores/stores.ts'

/** Of stores of their own, closed when the test is over. */
async function openAdministration(): Promise<Administration> {
  const stores = await storesOf({ directory: null, onThisThread: true })
  await stores.metadata.open()
  await stores.backend.init()
  onTestFinished(async () => {
    await stores.backend.close()
    await stores.metadata.close()
  })
  const parts = { documents: stores.metadata, masterKeys: temporaryMasterKeys() }
  const keys = new AccessKeys(parts)
  const stored = new StoredCredentials({ ...parts, keys: { find: () => null } })
  const policies = { policies: storedPolicies({ metadata: stores.metadata }), engine: null, findKey: async () => null }
  return administer(stores, { keys, stored, policies, masterKeys: parts.masterKeys })
}

async function temporaryDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'stowage-control-'))
  onTestFinished(() => rm(directory, { recursive: true }))
  return directory
}

test('a check is stopped when whoever asked for it has gone', async () => {
  const directory = await temporaryDirectory()
  const own = await openAdministration()
  let check: Promise<FsckReport> | undefined
  let begin = (): void => {}
  const begun = new Promise<void>((resolve) => (begin = resolve))
  const administration: Administration = {
    ...own,
    // As slow as it must be for somebody to lose patience.
    fsck: (options: AdministrationFsck) => {
      check = (options.signal === undefined ? Promise.resolve() : once(options.signal, 'abort')).then(() => own.fsck(options))
      begin()
      return check
    },
  }
  const control = await listenForControl(directory, administration)
  onTestFinished(() => control.close())
  const impatient = new AbortController()
  const asked = (await connectControl(directory))?.fsck({ deep: true, signal: impatient.signal })
  await begun
  impatient.abort(new Error('it takes too long'))
  await expect(asked).rejects.toThrow('it takes too long')
  await expect(check).rejects.toThrow('Whoever asked has gone.')
  expect(await (await connectControl(directory))?.stat()).toMatchObject({ buckets: 0 })
})

test('steps that nobody reads in time are left out, and the end is not', async () => {
  const directory = await temporaryDirectory()
  const own = await openAdministration()
  const administration: Administration = {
    ...own,
    fsck: (options) => {
      for (let done = 0; done < 100_000; done += 1)
        options.onProgress?.({ phase: 'blobs', done, total: 100_000, bytesDone: 0, bytesTotal: 0 })
      return own.fsck(options)
    },
  }
  const control = await listenForControl(directory, administration)
  onTestFinished(() => control.close())
  let steps = 0
  const asking = (await connectControl(directory))?.fsck({ deep: false, onProgress: () => void (steps += 1) })
  expect(await asking).toMatchObject({ findings: [] })
  expect(steps).toBeGreaterThan(0)
  expect(steps).toBeLessThan(10_000)
})
