import { once } from 'node:events'
import { expect, onTestFinished, test } from 'vitest'
import { tenantsWorld } from '../../test/tenants-world.ts'
import type { BareTenant, TenantsWorld } from '../../test/tenants-world.ts'
import { TenantCatalogue } from './tenant-catalogue.ts'
import { TenantRounds } from './tenant-rounds.ts'
import type { TenantRoundsOptions } from './tenant-rounds.ts'

function roundsOf({ tenants }: TenantsWorld, more: Partial<TenantRoundsOptions<BareTenant>> = {}): TenantRounds<BareTenant> {
  const onFault = (error: unknown): never => {
    throw error
  }
  const take = (): Promise<() => Promise<void>> => Promise.resolve(() => Promise.resolve())
  const rounds = new TenantRounds({
    tenants,
    everySeconds: 3600,
    openMax: 16,
    openedMax: 8,
    hearEverySeconds: null,
    take,
    onFault,
    ...more,
  })
  onTestFinished(() => rounds.stop())
  return rounds
}

test('a round does what a tenant needs by now, not what it needed when the round began', async () => {
  const own = await tenantsWorld()
  for (const name of ['aaa', 'acme', 'bolt', 'coop']) await own.make(name)
  await own.catalogue.change('acme', () => ({ state: 'deleting' }))
  const rounds = roundsOf(own, { openedMax: 8 })
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

test('rounds look after those that are open each time, and after all others in turn, however few may be open', async () => {
  const own = await tenantsWorld({ openMax: 3 })
  const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']
  for (const name of names) await own.make(name)
  const rounds = roundsOf(own, { openedMax: 2 })
  const seen: (readonly string[])[] = []
  for (let round = 0; round < 4; round += 1) {
    await rounds.round()
    expect(own.tenants.openCount).toBeLessThanOrEqual(3)
    seen.push(own.collected.splice(0))
  }
  // The last three were made last, and are open; opening others closes them one after the other.
  expect(seen[0]?.slice(0, 3)).toEqual(['f', 'g', 'h'])
  expect(seen[0]?.slice(3)).toEqual(['a', 'b'])
  expect(new Set(seen.flat())).toEqual(new Set(names))
})

test('a server that is asked for nothing hears of a suspension all the same, and closes what it has open', async () => {
  let seconds = 0
  const clock = (): Date => new Date((seconds += 2) * 1000)
  const own = await tenantsWorld({ clock })
  const acme = await own.make('acme')
  const rounds = roundsOf(own, { hearEverySeconds: 0.01 })
  rounds.start()
  await rounds.round()
  // An upload is under way.
  const lease = await own.tenants.use(acme)
  const other = new TenantCatalogue({ metadata: own.control, clock, observer: { event: () => undefined } })
  await other.change('acme', () => ({ state: 'suspended' }))
  await expect.poll(() => own.tenants.isOpen(acme), { interval: 5 }).toBe(false)
  lease.release()
})

test('nobody waits for the deletion of another one', async () => {
  const own = await tenantsWorld()
  for (const name of ['acme', 'bolt']) await own.make(name)
  let end = (): void => undefined
  const held = new Promise<void>((resolve) => (end = resolve))
  own.closing = async ({ name }) => (name === 'acme' ? held : undefined)
  await own.catalogue.change('acme', () => ({ state: 'deleting' }))
  const rounds = roundsOf(own)
  for (const each of [1, 2]) {
    await rounds.round()
    expect(own.collected).toHaveLength(each)
  }
  expect(own.catalogue.find('acme')?.state).toBe('deleting')
  end()
  await rounds.deletionsDone()
  expect(own.catalogue.all.map(({ name }) => name)).toEqual(['bolt'])
})

test('a round that is under way stops with the server', async () => {
  const own = await tenantsWorld()
  await own.make('acme')
  const rounds = roundsOf(own)
  own.collecting = async (_, signal) => {
    // As a collector does with much to collect.
    await once(signal, 'abort')
    throw signal.reason
  }
  const round = rounds.round()
  await rounds.stop()
  await round
  expect(own.collected).toEqual([])
})

test('each round goes on where the last one ended, and one that fails does not stop it', async () => {
  const own = await tenantsWorld()
  for (const name of ['a', 'b', 'c', 'd', 'e']) {
    await own.make(name)
    // So that it is not open.
    await own.tenants.suspend(name)
    if (name !== 'd') await own.tenants.resume(name)
  }
  const asked: string[] = []
  own.collecting = async ({ name }) => {
    asked.push(name)
    if (name === 'b') throw new Error('b is damaged')
  }
  const failed: string[] = []
  let mayTake = true
  const rounds = roundsOf(own, {
    openedMax: 2,
    openMax: 1,
    take: async () => (mayTake ? async () => undefined : null),
    onFault: (_error, { name }) => void failed.push(name),
  })
  const round = async (): Promise<string> => {
    await rounds.round()
    return asked.splice(0).join('')
  }
  const first = [await round(), await round()]
  // None is open at first; then one of those that are, and two of the others.
  expect(first[0]).toBe('ab')
  expect(new Set(first.join(''))).toEqual(new Set('abce'))
  expect(new Set(failed)).toEqual(new Set(['b']))
  mayTake = false
  // Nobody opens any for it now.
  const open = own.tenants.openCount
  const then = [await round(), await round(), await round()]
  expect(then.filter((names) => names.length > 1)).toEqual([])
  expect(own.tenants.openCount).toBeLessThanOrEqual(open)
})
