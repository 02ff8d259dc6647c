import { cp, mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { systemClock } from '@stowage/core'
import type { MetadataStore } from '@stowage/core'
import { sqliteMetadata } from '@stowage/core/sqlite'
import { expect, test } from 'vitest'
import { tenantsWorld } from '../../test/tenants-world.ts'
import { withMember } from '../../test/with-member.ts'
import type { Tenant, TenantPlace } from './tenant.ts'
import { TenantCatalogue } from './tenant-catalogue.ts'

test('a deletion that is gone on with late leaves a new tenant of the same name alone', async () => {
  const own = await tenantsWorld()
  const { catalogue, tenants } = own
  await own.make('acme', ['files.acme.example'])
  const stale = await catalogue.change('acme', () => ({ state: 'deleting' }))
  await tenants.delete('acme')
  const made = await own.make('acme', ['files.acme.example'])
  expect(await catalogue.registerKeys(made, ['AKIANEW'])).toBe(true)
  await tenants.finishDeletion(stale)
  await catalogue.remove(stale)
  expect([catalogue.find('acme')?.id, catalogue.ofHost('files.acme.example')?.id, (await catalogue.ofKey('AKIANEW'))?.id]).toEqual([
    made.id,
    made.id,
    made.id,
  ])
  await expect(own.make('bolt', ['files.acme.example'])).rejects.toThrow('Another tenant has the host')
})

test('nor does it take a key that is another tenant’s by the time that it is written', async () => {
  const own = await tenantsWorld()
  const acme = await own.make('acme')
  await own.catalogue.registerKeys(acme, ['AKIAONE', 'AKIATWO'])
  const stale = await own.catalogue.change('acme', () => ({ state: 'deleting' }))
  let meanwhile: (() => Promise<void>) | null = async () => {
    meanwhile = null
    await own.catalogue.remove(stale)
    await own.catalogue.registerKeys(await own.make('bolt'), ['AKIAONE'])
  }
  const listDocuments: MetadataStore['listDocuments'] = async (query) => {
    const page = await own.control.listDocuments(query)
    await meanwhile?.()
    return page
  }
  const metadata = withMember(own.control, 'listDocuments', listDocuments)
  const late = new TenantCatalogue({ metadata, clock: systemClock, observer: { event: () => undefined } })
  await late.load()
  await late.remove(stale)
  expect([meanwhile, (await late.ofKey('AKIAONE'))?.name, await late.ofKey('AKIATWO')]).toEqual([null, 'bolt', null])
})

test('hosts that a tenant was given while it was being deleted go with it', async () => {
  const own = await tenantsWorld()
  await own.make('acme', ['a.example'])
  const stale = await own.catalogue.change('acme', () => ({ state: 'deleting' }))
  await own.tenants.change('acme', { hosts: ['b.example'], requestsMax: null })
  await own.tenants.finishDeletion(stale)
  await own.make('bolt', ['a.example', 'b.example'])
})

test('a place is one tenant’s, and what is there must be this tenant’s own', async () => {
  const own = await tenantsWorld()
  const { catalogue, directory, tenants } = own
  const [acme, bolt] = [await own.make('acme'), await own.make('bolt')]
  const folderOf = ({ place }: Tenant): string => join(directory, 'tenants', place.kind === 'sqlite' ? place.folder : '')
  const at = (folder: string): TenantPlace => ({ kind: 'sqlite', folder })
  await tenants.suspend('acme')
  await tenants.suspend('bolt')
  await expect(tenants.place('acme', bolt.place)).rejects.toThrow('is another tenant’s')
  await cp(folderOf(bolt), join(directory, 'tenants', 'copy'), { recursive: true })
  await expect(tenants.place('acme', at('copy'))).rejects.toThrow('is another tenant’s')
  // Nobody says whose this is.
  const bare = sqliteMetadata({ file: join(directory, 'tenants', 'bare', 'metadata.sqlite'), worker: 'inline' })
  await mkdir(join(directory, 'tenants', 'bare'))
  await bare.open()
  await bare.close()
  await expect(tenants.place('acme', at('bare'))).rejects.toThrow('is no tenant’s')
  expect((await tenants.place('bolt', at('copy'))).place).toEqual(at('copy'))
  // Its own, but where another one is: in the catalogue, and on some disks.
  await cp(folderOf(acme), join(directory, 'tenants', 'COPY'), { recursive: true, force: false })
  await expect(tenants.place('acme', at('COPY'))).rejects.toThrow(/nother tenant/)
  expect(catalogue.find('acme')?.place).toEqual(acme.place)
})

test('what is in a tenant’s place and is not its own is not opened, and not removed', async () => {
  const own = await tenantsWorld()
  const [acme, bolt] = [await own.make('acme'), await own.make('bolt')]
  const folderOf = ({ place }: Tenant): string => join(own.directory, 'tenants', place.kind === 'sqlite' ? place.folder : '')
  for (const name of ['acme', 'bolt']) await own.tenants.suspend(name)
  await rm(folderOf(acme), { recursive: true })
  await cp(folderOf(bolt), folderOf(acme), { recursive: true })
  await own.tenants.resume('acme')
  await expect(own.tenants.use(acme)).rejects.toMatchObject({ code: 'StoreUnavailable' })
  expect(own.tenants.openCount).toBe(0)
  await expect(own.tenants.delete('acme')).rejects.toThrow('is not its own')
  expect(await readdir(folderOf(acme))).toContain('metadata.sqlite')
  // Once it is out of the way, the deletion comes to its end.
  await rm(folderOf(acme), { recursive: true })
  await own.tenants.delete('acme')
  expect(own.catalogue.all.map(({ name }) => name)).toEqual(['bolt'])
})

test('who waited while a tenant was suspended, or deleted, does not get in, and it is not opened again', async () => {
  const own = await tenantsWorld({ openMax: 1 })
  const { tenants } = own
  const [acme, bolt, coop] = [await own.make('acme'), await own.make('bolt'), await own.make('coop')]
  const held = await tenants.use(bolt)
  const waiting = [acme, coop].map((tenant) => tenants.use(tenant).catch((error: Error) => error))
  await tenants.suspend('acme')
  const deleted = tenants.delete('coop')
  held.release()
  expect(await Promise.all(waiting)).toMatchObject([{ state: 'suspended' }, { state: 'deleting' }])
  await deleted
  await expect(tenants.use(acme)).rejects.toThrow('is suspended')
  await expect(tenants.use(coop)).rejects.toThrow('is gone')
  expect([tenants.isOpen(acme), tenants.isOpen(coop)]).toEqual([false, false])
  // What an operator asks of it is answered all the same.
  const lease = await tenants.use(acme, { passing: true, evenSuspended: true })
  lease.release()
  expect(tenants.isOpen(acme)).toBe(false)
})

test('a tenant that is suspended while somebody waits for it is not opened at all, although nobody else wants the room', async () => {
  const own = await tenantsWorld({ openMax: 1 })
  const { opened, tenants } = own
  const [acme, bolt] = [await own.make('acme'), await own.make('bolt')]
  const held = await tenants.use(bolt)
  opened.length = 0
  const waiting = tenants.use(acme).catch((error: Error) => error)
  await tenants.suspend('acme')
  held.release()
  expect(await waiting).toMatchObject({ state: 'suspended' })
  expect([opened, tenants.isOpen(acme)]).toEqual([[], false])
  // The room is there for the next one who waits.
  ;(await tenants.use(bolt)).release()
})

test('nor is it opened for who waited for it to be closed', async () => {
  const own = await tenantsWorld()
  const { opened, tenants } = own
  const acme = await own.make('acme')
  let end = (): void => undefined
  own.closing = () => new Promise<void>((resolve) => (end = resolve))
  const closed = tenants.suspend('acme')
  await expect.poll(() => tenants.isOpen(acme), { interval: 5 }).toBe(false)
  await tenants.resume('acme')
  opened.length = 0
  const waiting = tenants.use(acme).catch((error: Error) => error)
  const again = tenants.suspend('acme')
  await expect.poll(() => own.catalogue.find('acme')?.state, { interval: 5 }).toBe('suspended')
  own.closing = () => Promise.resolve()
  end()
  await Promise.all([closed, again])
  expect(await waiting).toMatchObject({ state: 'suspended' })
  expect([opened, tenants.openCount]).toEqual([[], 0])
})

test('a tenant whose key could not be made is suspended, and not open', async () => {
  const own = await tenantsWorld()
  own.making = () => Promise.reject(new Error('no key'))
  await expect(own.make('acme')).rejects.toThrow('no key')
  expect(own.catalogue.find('acme')?.state).toBe('suspended')
  await expect.poll(() => own.tenants.openCount, { interval: 5 }).toBe(0)
})

test('what is open of a tenant is closed as soon as somebody else has suspended it, deleted it or put it elsewhere', async () => {
  const own = await tenantsWorld()
  const { catalogue, tenants } = own
  const [acme, bolt, coop] = [await own.make('acme'), await own.make('bolt'), await own.make('coop')]
  const leases = await Promise.all([tenants.use(acme), tenants.use(bolt), tenants.use(coop, { evenSuspended: true })])
  await catalogue.change('acme', () => ({ state: 'suspended' }))
  await catalogue.change('bolt', () => ({ state: 'deleting' }))
  await catalogue.change('coop', () => ({ place: { kind: 'sqlite', folder: 'elsewhere' } }))
  // They are in use still.
  expect([acme, bolt, coop].map((tenant) => tenants.isOpen(tenant))).toEqual([false, false, false])
  await expect.poll(() => tenants.openCount, { interval: 5 }).toBe(0)
  for (const { release } of leases) release()
})

test('a server that stops leaves a deletion where it is', async () => {
  const own = await tenantsWorld()
  const acme = await own.make('acme')
  let end = (): void => undefined
  own.closing = () => new Promise<void>((resolve) => (end = resolve))
  const deletion = own.tenants.delete('acme').catch((error: Error) => error.message)
  await expect.poll(() => own.tenants.isOpen(acme), { interval: 5 }).toBe(false)
  const closed = own.tenants.close()
  end()
  expect(await deletion).toContain('The server stops')
  await closed
  expect(own.catalogue.find('acme')?.state).toBe('deleting')
})

test('a tenant of which another release has written is closed, and the others go on', async () => {
  const own = await tenantsWorld()
  const [acme, bolt] = [await own.make('acme', ['acme.example']), await own.make('bolt')]
  const write = { kind: 'gateway.tenant', id: 'acme', expected: 'any', body: { id: acme.id, state: 'new' }, sealed: null } as const
  await own.control.writeDocuments({ writes: [write], raisesPolicyVersion: true })
  await own.catalogue.load()
  expect([own.catalogue.all.map(({ name }) => name), own.catalogue.ofHost('acme.example')]).toEqual([['bolt'], null])
  await expect(own.tenants.use(acme)).rejects.toThrow('is gone')
  ;(await own.tenants.use(bolt)).release()
  await expect(own.make('acme')).rejects.toThrow('There is a tenant acme already')
})

test('a tenant that is deleted while it is being made does not become active', async () => {
  const own = await tenantsWorld()
  own.making = async ({ name }) => void (await own.catalogue.change(name, () => ({ state: 'deleting' })))
  await expect(own.make('acme')).rejects.toThrow('is being deleted')
  expect(own.catalogue.find('acme')?.state).toBe('deleting')
})

test('a host below another tenant’s is one of its buckets, and not to be had', async () => {
  const own = await tenantsWorld()
  await own.make('acme', ['files.acme.example'])
  await own.make('bolt')
  await expect(own.make('coop', ['photos.files.acme.example'])).rejects.toThrow('Another tenant has the host')
  const change = { hosts: ['photos.files.acme.example'], requestsMax: null }
  await expect(own.tenants.change('bolt', change)).rejects.toThrow('or one above it')
  expect((await own.tenants.change('acme', change)).hosts).toEqual(change.hosts)
})

test('nor is one above another tenant’s, also where two servers give them at once', async () => {
  const own = await tenantsWorld()
  await own.make('acme')
  await own.make('bolt', ['photos.files.acme.example'])
  const above = { hosts: ['files.acme.example'], requestsMax: null }
  await expect(own.tenants.change('acme', above)).rejects.toThrow('Another tenant has a host below files.acme.example')
  await expect(own.make('coop', above.hosts)).rejects.toThrow('Another tenant has a host below')
  expect(own.catalogue.find('coop')).toBe(null)
  await own.tenants.change('bolt', { hosts: [], requestsMax: null })
  const other = new TenantCatalogue({ metadata: own.control, clock: systemClock, observer: { event: () => undefined } })
  await other.load()
  const [given, below] = [(): { hosts: string[] } => ({ hosts: ['a.example'] }), (): { hosts: string[] } => ({ hosts: ['b.a.example'] })]
  for (const changes of [[given, below] as const, [below, given] as const]) {
    const done = await Promise.allSettled([own.catalogue.change('acme', changes[0]), other.change('bolt', changes[1])])
    expect(done.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    for (const name of ['acme', 'bolt']) await own.catalogue.change(name, () => ({ hosts: [] }))
  }
  // Between them, and the other way round, nothing is in the way.
  await own.tenants.change('acme', above)
  await own.tenants.change('bolt', { hosts: ['acme.example.com', 'myfiles.acme.example'], requestsMax: null })
})

test('what somebody has open is not removed beneath them', async () => {
  const own = await tenantsWorld()
  const { catalogue, directory, tenants } = own
  const acme = await own.make('acme')
  await tenants.suspend('acme')
  const folder = join(directory, 'tenants', acme.place.kind === 'sqlite' ? acme.place.folder : '')
  const other = sqliteMetadata({ file: join(folder, 'metadata.sqlite'), worker: 'inline' })
  await other.open()
  await expect(tenants.delete('acme')).rejects.toMatchObject({ code: 'DirectoryInUse' })
  expect(await readdir(folder)).toContain('metadata.sqlite')
  await other.close()
  await tenants.delete('acme')
  expect(catalogue.find('acme')).toBe(null)
})
