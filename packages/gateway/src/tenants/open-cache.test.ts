import { expect, test } from 'vitest'
import { OpenCache } from './open-cache.ts'
import { OpenCacheFullError } from './patience.ts'

interface Opened {
  readonly key: string
}

interface World {
  readonly cache: OpenCache<Opened>
  /** What happened: `+a` opened, `-a` closed. */
  readonly log: string[]
  /** Opened and not closed, and the most that ever were. */
  readonly open: { now: number; most: number }
  time: number
  /** Of the next opening. */
  fault: Error | null
  /** What closing waits for. */
  closing: Promise<void>
}

function world(openMax: number, waitSecondsMax: number = 60): World {
  const log: string[] = []
  const open = { now: 0, most: 0 }
  const own: World = { cache: undefined as never, log, open, time: 0, fault: null, closing: Promise.resolve() }
  const later = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
  const cache = new OpenCache<Opened>({
    openMax,
    idleSeconds: 100,
    waitSecondsMax,
    drainSecondsMax: 0.02,
    now: () => own.time,
    open: async (key) => {
      open.now += 1
      open.most = Math.max(open.most, open.now)
      await later()
      if (own.fault !== null) {
        open.now -= 1
        throw own.fault
      }
      log.push(`+${key}`)
      return { key }
    },
    close: async ({ key }) => {
      await later()
      await own.closing
      log.push(`-${key}`)
      open.now -= 1
    },
    onFault: (error) => void log.push(String(error)),
  })
  return Object.assign(own, { cache })
}

async function used({ cache }: World, ...keys: readonly string[]): Promise<void> {
  for (const key of keys) (await cache.use(key)).release()
}

test('however many ask at once, it is opened once', async () => {
  const own = world(2)
  const leases = await Promise.all(Array.from({ length: 10 }, () => own.cache.use('a')))
  expect(own.log).toEqual(['+a'])
  for (const { release } of leases) release()
  expect(own.cache.size).toBe(1)
  await own.cache.close()
  expect(own.log).toEqual(['+a', '-a'])
  await expect(own.cache.use('a')).rejects.toThrow('closed')
})

test('the least recently used is closed for another one, and never more are open than may be', async () => {
  const own = world(2)
  await used(own, 'a', 'b', 'a', 'c', 'a')
  expect(own.log).toEqual(['+a', '+b', '-b', '+c'])
  await Promise.all(['d', 'e', 'f', 'a', 'g', 'd', 'h'].map((key) => used(own, key)))
  expect(own.open.most).toBe(2)
  await own.cache.close()
  expect(own.open.now).toBe(0)
})

test('what is in use is not closed for another one: that waits, until its time is over', async () => {
  const own = world(1)
  const first = await own.cache.use('a')
  const second = own.cache.use('b')
  await new Promise((resolve) => setImmediate(resolve))
  expect(own.log).toEqual(['+a'])
  first.release()
  first.release()
  expect((await second).value.key).toBe('b')
  expect(own.log).toEqual(['+a', '-a', '+b'])
  await own.cache.close()

  const impatient = world(1, 0.01)
  const held = await impatient.cache.use('a')
  await expect(impatient.cache.use('b')).rejects.toThrow(OpenCacheFullError)
  held.release()
  await used(impatient, 'b')
  await impatient.cache.close()
})

test('everybody who waits comes in, one after the other', async () => {
  const own = world(2)
  const held = await Promise.all([own.cache.use('a'), own.cache.use('b')])
  const waiting = Promise.all(['c', 'd', 'c', 'e', 'd', 'f'].map((key) => used(own, key)))
  for (const { release } of held) release()
  await waiting
  expect(own.open.most).toBe(2)
  await own.cache.close()
})

test('that it did not open is not remembered', async () => {
  const own = world(1)
  own.fault = new Error('damaged')
  const both = await Promise.allSettled([own.cache.use('a'), own.cache.use('a')])
  expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  expect(own.cache.size).toBe(0)
  own.fault = null
  await used(own, 'b', 'a')
  expect(own.log).toEqual(['+b', '-b', '+a'])
  await own.cache.close()
})

test('what lies idle is closed; what background work alone has opened, at once', async () => {
  const own = world(5)
  await used(own, 'a')
  own.time = 60_000
  await used(own, 'b')
  own.time = 100_000
  own.cache.sweep()
  await used(own, 'b')
  expect(own.cache.has('a')).toBe(false)
  const passing = await own.cache.use('c', { passing: true })
  passing.release()
  expect(own.cache.has('c')).toBe(false)
  const other = await own.cache.use('b', { passing: true })
  other.release()
  expect(own.cache.has('b')).toBe(true)
  await own.cache.close()
})

test('what is worn out is closed when nobody uses it; what is evicted, at once, and opened anew only then', async () => {
  const own = world(5)
  const lease = await own.cache.use('a')
  own.cache.wearOut('a')
  expect(own.cache.has('a')).toBe(true)
  lease.release()
  await used(own, 'a')
  expect(own.log).toEqual(['+a', '-a', '+a'])
  await own.cache.use('a')
  const again = own.cache.evict('a').then(() => used(own, 'a'))
  const meanwhile = used(own, 'a')
  await Promise.all([again, meanwhile])
  expect(own.log).toEqual(['+a', '-a', '+a', '-a', '+a'])
  await own.cache.close()
})

test('what is worn out is opened anew under steady use, too; a use that takes long is not cut off by it, and keeps nobody out', async () => {
  const own = world(5)
  let lease = await own.cache.use('a')
  own.cache.wearOut('a')
  // One is always there before the former one has gone.
  for (let each = 0; each < 5; each += 1) {
    const next = own.cache.use('a')
    await new Promise((resolve) => setImmediate(resolve))
    lease.release()
    lease = await next
  }
  expect(own.log).toEqual(['+a', '-a', '+a'])
  own.cache.wearOut('a')
  const meanwhile = await own.cache.use('a')
  expect(own.log).toEqual(['+a', '-a', '+a'])
  meanwhile.release()
  lease.release()
  await used(own, 'a')
  expect(own.log).toEqual(['+a', '-a', '+a', '-a', '+a'])
  await own.cache.close()
})

test('what has failed is opened anew, in use or not, once newcomers have waited for it three times', async () => {
  const own = world(5)
  const held = await own.cache.use('a')
  const newcomer = async (evenInUse: boolean): Promise<Opened> => {
    own.cache.wearOut('a', { evenInUse })
    const { value, release } = await own.cache.use('a')
    release()
    return value
  }
  for (const each of [await newcomer(true), await newcomer(true)]) expect(each).toBe(held.value)
  // Twice while they wait is once.
  const both = [newcomer(true), newcomer(true)]
  expect(own.log).toEqual(['+a'])
  await Promise.all(both)
  expect(own.log).toEqual(['+a', '-a', '+a'])
  held.release()
  await used(own, 'a')
  expect(own.log).toEqual(['+a', '-a', '+a'])
  // What nobody needs any more is left to whoever has it.
  const last = await own.cache.use('a')
  for (let round = 0; round < 4; round += 1) expect(await newcomer(false)).toBe(last.value)
  last.release()
  await own.cache.close()
})

test('what background work alone uses lies idle all the same, and is the first to be closed for another one', async () => {
  const own = world(2)
  const pass = async (key: string): Promise<void> => (await own.cache.use(key, { passing: true })).release()
  await used(own, 'b', 'a')
  own.time = 99_000
  await pass('b')
  await used(own, 'c')
  expect([own.cache.has('a'), own.cache.has('b')]).toEqual([true, false])
  await pass('a')
  own.time = 100_000
  await pass('a')
  own.cache.sweep()
  expect([own.cache.has('a'), own.cache.has('c')]).toEqual([false, true])
  await own.cache.close()
})

test('a burst for one that is closed closes one other, not as many as it is', async () => {
  const own = world(10)
  const others = ['b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j']
  await used(own, 'a', ...others)
  const leases = await Promise.all(Array.from({ length: 8 }, () => own.cache.use('new')))
  expect(own.log.slice(10)).toEqual(['-a', '+new'])
  for (const { release } of leases) release()
  // Nor do those who wait for one that is in use.
  const held = await Promise.all([...others, 'new'].map((key) => own.cache.use(key)))
  const waiting = Array.from({ length: 8 }, () => own.cache.use('x'))
  for (const { release } of held) release()
  await Promise.all(waiting)
  expect(own.log.slice(12)).toEqual([expect.stringContaining('-'), '+x'])
  await own.cache.close()
})

test('who waits for one that does not come to be closed waits no longer than for room', async () => {
  const own = world(2, 0.01)
  let end = (): void => undefined
  own.closing = new Promise<void>((resolve) => (end = resolve))
  await own.cache.use('a')
  const evicted = own.cache.evict('a')
  await expect(own.cache.use('a')).rejects.toThrow(OpenCacheFullError)
  end()
  await evicted
  await used(own, 'a')
  await own.cache.close()
})

test('who waits for one thing after the other is refused as soon as who waits for one', async () => {
  const own = world(2, 0.1)
  const held = [await own.cache.use('a')]
  await used(own, 'b')
  let end = (): void => undefined
  own.closing = new Promise<void>((resolve) => (end = resolve))
  const evicted = own.cache.evict('b')
  const refusals: string[] = []
  const come = async (key: string): Promise<void> => {
    try {
      held.push(await own.cache.use(key))
    } catch {
      refusals.push(key)
    }
  }
  const coming = [come('b'), come('c')]
  await new Promise((resolve) => setTimeout(resolve, 20))
  coming.push(come('d'))
  end()
  await evicted
  // One of the first two has come in. The other one waits for room now, and has waited for longer than the last one.
  await Promise.all(coming)
  expect(refusals).toEqual([expect.stringMatching(/[bc]/), 'd'])
  for (const { release } of held) release()
  await own.cache.close()
})
