import { expect, test } from 'vitest'
import { RequestRate, sourceName } from './request-rate.ts'

const at = (ms: number): Date => new Date(1_800_000_000_000 + ms)

test('so many at once, and then one for each part of the minute', () => {
  const rate = new RequestRate({ perMinuteMax: 3 })
  expect([0, 0, 0].map(() => rate.waitFor('a', at(0)))).toEqual([0, 0, 0])
  expect(rate.waitFor('a', at(0))).toBe(20_000)
  expect(rate.waitFor('b', at(0))).toBe(0)
  expect(rate.waitFor('a', at(19_999))).toBe(1)
  expect(rate.waitFor('a', at(20_000))).toBe(0)
  expect(rate.waitFor('a', at(20_000))).toBe(20_000)
  expect([0, 0, 0, 0].map(() => rate.waitFor('a', at(120_000)) === 0)).toEqual([true, true, true, false])
})

test('a number that does not divide a minute lets through what it says', () => {
  for (const perMinuteMax of [7, 13, 600, 999]) {
    const rate = new RequestRate({ perMinuteMax })
    for (let count = 0; count < perMinuteMax; count += 1) expect(rate.waitFor('a', at(0))).toBe(0)
    expect(rate.waitFor('a', at(0))).toBeGreaterThan(0)
  }
})

test('the memory is bounded, whoever asks', () => {
  const rate = new RequestRate({ perMinuteMax: 1, namesMax: 100 })
  for (let name = 0; name < 10_000; name += 1) rate.waitFor(String(name), at(name))
  expect(rate.size).toBe(100)
  expect(rate.waitFor('9999', at(10_000))).toBeGreaterThan(0)
})

test.each([
  ['192.0.2.7', '192.0.2.7'],
  ['::ffff:192.0.2.7', '192.0.2.7'],
  ['2001:DB8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:db8:1:2::9', '2001:db8:1:2::/64'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['2001:0db8:0:0::1', '2001:db8:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  [null, ''],
])('%s counts as %s', (address, name) => {
  expect(sourceName(address)).toBe(name)
})
