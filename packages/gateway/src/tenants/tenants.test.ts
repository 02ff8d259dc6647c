import { expect, test } from 'vitest'
import { tenantsWorld } from '../../test/tenants-world.ts'
import { TenantRounds } from './tenant-rounds.ts'

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

test('hosts that a tenant was given while it was being deleted go with it', async () => {
  const own = await tenantsWorld()
  await own.make('acme', ['a.example'])
  const stale = await own.catalogue.change('acme', () => ({ state: 'deleting' }))
  await own.tenants.change('acme', { hosts: ['b.example'], requestsMax: null })
  await own.tenants.finishDeletion(stale)
  await own.make('bolt', ['a.example', 'b.example'])
})

test('a round does what a tenant needs by now, not what it needed when the round began', async () => {
  const own = await tenantsWorld()
  for (const name of ['aaa', 'acme', 'bolt', 'coop']) await own.make(name)
  await own.catalogue.change('acme', () => ({ state: 'deleting' }))
  const onFault = (error: unknown): never => {
    throw error
  }
  const rounds = new TenantRounds({ tenants: own.tenants, everySeconds: 3600, openedMax: 8, take: async () => async () => {}, onFault })
  own.collecting = async ({ name }) => {
    if (name !== 'aaa') return
    await own.tenants.delete('acme')
    await own.make('acme')
    await own.tenants.suspend('bolt')
  }
  await rounds.round()
  // The new one was opened for its key, and is looked after in the next round.
  expect(own.collected).toEqual(['aaa', 'coop'])
  expect(own.catalogue.all.map(({ name, state }) => `${name} ${state}`)).toEqual([
    'aaa active',
    'acme active',
    'bolt suspended',
    'coop active',
  ])
  expect(own.tenants.openCount).toBe(3)
})
