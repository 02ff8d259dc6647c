import { expect, test } from 'vitest'
import type { Condition, KeyAnswer, KeyOperation } from './history.ts'
import { findStaleRead } from './stale-reads.ts'

interface Written {
  readonly answer?: KeyAnswer
  readonly condition?: Condition
}

const put = (value: string, [invokedAt, returnedAt]: readonly [number, number], more: Written = {}): KeyOperation => {
  const { answer = 'done', condition = 'none' } = more
  return { label: 'test', request: { kind: 'put', value, condition }, answer, invokedAt, returnedAt }
}
const remove = (invokedAt: number, returnedAt: number): KeyOperation => ({
  label: 'test',
  request: { kind: 'delete', condition: 'none' },
  answer: 'done',
  invokedAt,
  returnedAt,
})
const read = (holds: string, invokedAt: number, returnedAt: number): KeyOperation => ({
  label: 'test',
  request: { kind: 'read' },
  answer: { holds },
  invokedAt,
  returnedAt,
})

test('a read of what was overwritten, or deleted, is stale; one at the same time is not', () => {
  const stale = read('a', 4, 5)
  for (const write of [put('b', [2, 3]), remove(2, 3)]) {
    expect(findStaleRead([put('a', [0, 1]), write, stale])).toEqual({ read: stale, write })
    expect(findStaleRead([put('a', [0, 2.5]), write, stale])).toBe(null)
    expect(findStaleRead([put('a', [0, 1]), write, read('a', 2.5, 5)])).toBe(null)
  }
  expect(findStaleRead([put('a', [0, 1]), put('b', [2, 3], { answer: 'unknown' }), stale])).toBe(null)
})

test('a value that nobody was told of is there from when somebody saw it', () => {
  const lost = put('a', [0, Infinity], { answer: 'unknown' })
  const write = put('b', [4, 5])
  expect(findStaleRead([lost, write, read('a', 6, 7)])).toBe(null)
  const stale = read('a', 6, 7)
  expect(findStaleRead([lost, read('a', 2, 3), write, stale])).toEqual({ read: stale, write })
})

test('a write on the condition of an old value is stale as well', () => {
  const write = put('b', [2, 3])
  const late = put('c', [4, 5], { condition: { holds: 'a' } })
  expect(findStaleRead([put('a', [0, 1]), write, late])).toEqual({ read: late, write })
  expect(findStaleRead([put('a', [0, 1]), put('b', [2, 3], { condition: { holds: 'a' } }), read('b', 4, 5)])).toBe(null)
})
