import { expect, test } from 'vitest'
import { checkHistory } from './check-history.ts'
import type { KeyOperation, Listing } from './history.ts'

const put = (value: string, invokedAt: number, returnedAt: number): KeyOperation => ({
  label: 'client 1',
  request: { kind: 'put', value, condition: 'none' },
  answer: 'done',
  invokedAt,
  returnedAt,
})
const remove = (invokedAt: number, returnedAt: number): KeyOperation => ({
  label: 'client 2',
  request: { kind: 'delete', condition: 'none' },
  answer: 'done',
  invokedAt,
  returnedAt,
})
const listing = (invokedAt: number, returnedAt: number, ...entries: readonly (readonly [string, string])[]): Listing => ({
  label: 'a listing',
  prefix: 'k',
  entries: entries.map(([key, value]) => ({ key, value })),
  invokedAt,
  returnedAt,
})
const check = (keys: Readonly<Record<string, readonly KeyOperation[]>>, ...listings: readonly Listing[]): readonly string[] =>
  checkHistory({ keys: new Map(Object.entries(keys)), listings })

test('a listing may show what changes while it is under way, before or after', () => {
  const keys = { k1: [put('a', 0, 1), put('b', 4, 6)], k2: [put('c', 0, 1), remove(4, 6)], other: [put('d', 0, 1)] }
  for (const k1 of ['a', 'b']) {
    expect(check(keys, listing(3, 7, ['k1', k1], ['k2', 'c']))).toEqual([])
    expect(check(keys, listing(3, 7, ['k1', k1]))).toEqual([])
  }
})

test('a listing that misses a key that is there all the time is found', () => {
  const faults = check({ k1: [put('a', 0, 1), remove(6, 7)], k2: [put('b', 0, 1)] }, listing(2, 3, ['k2', 'b']))
  expect(faults).toEqual([expect.stringMatching(/^k1: no order .*\n.*put a → done\n.*holds a, .*\n.*a listing: read → absent$/)])
})

test('what no order explains is shown with what came before it', () => {
  const [won, lost] = [put('a', 0, 5), put('b', 1, 4)].map((each) => ({
    ...each,
    request: { ...each.request, condition: 'absent' } as const,
  }))
  const [fault = ''] = check({ k: [won, lost] as readonly KeyOperation[] })
  expect(fault.split('\n')).toEqual([
    'k: no order of its operations explains their answers. 1 of 2 were placed, at last:',
    '    1.0–4.0 client 1: put b if absent → done',
    '  then it holds b, and of these none can come next:',
    '    0.0–5.0 client 1: put a if absent → done',
  ])
})

test('a listing that shows what is gone, or what has been overwritten, is found', () => {
  expect(check({ k1: [put('a', 0, 1), remove(2, 3)] }, listing(4, 5, ['k1', 'a']))).toHaveLength(1)
  expect(check({ k1: [put('a', 0, 1), put('b', 2, 3)] }, listing(4, 5, ['k1', 'a']))).toHaveLength(1)
  expect(check({ k1: [put('a', 4, 5)] }, listing(2, 3, ['k1', 'a']))).toHaveLength(1)
})

test('two listings, one after the other, go the same way', () => {
  const keys = { k1: [put('a', 0, 1), put('b', 2, 9)] }
  expect(check(keys, listing(3, 4, ['k1', 'a']), listing(5, 6, ['k1', 'b']))).toEqual([])
  expect(check(keys, listing(3, 4, ['k1', 'b']), listing(5, 6, ['k1', 'a']))).toHaveLength(1)
})

test('a listing out of order, with a key twice, of another prefix or of nobody is found', () => {
  const keys = { k1: [put('a', 0, 1)], k2: [put('b', 0, 1)] }
  expect(check(keys, listing(2, 3, ['k2', 'b'], ['k1', 'a']))).toEqual(['a listing: k1 stands behind k2'])
  expect(check(keys, listing(2, 3, ['k1', 'a'], ['k1', 'a'], ['k2', 'b']))).toEqual(['a listing: k1 stands behind k1'])
  const strangers = check(keys, listing(2, 3, ['a', 'x'], ['k1', 'a'], ['k2', 'b'], ['k3', 'c']))
  expect(strangers).toEqual(['a listing: a does not begin with k', 'a listing: a was put by nobody', 'a listing: k3 was put by nobody'])
})
