import { expect, test } from 'vitest'
import { randomFrom } from '../step.ts'
import type { Condition, KeyAnswer, KeyOperation, KeyRequest } from './history.ts'
import { linearize } from './linearize.ts'
import { stateAfter } from './register.ts'
import type { KeyState } from './register.ts'

const NEVER = Infinity

function operation(request: KeyRequest, answer: KeyAnswer, [invokedAt, returnedAt]: readonly [number, number]): KeyOperation {
  return { label: 'test', request, answer, invokedAt, returnedAt: answer === 'unknown' ? NEVER : returnedAt }
}
const put = (value: string, at: readonly [number, number], answer: KeyAnswer = 'done', condition: Condition = 'none') =>
  operation({ kind: 'put', value, condition }, answer, at)
const remove = (at: readonly [number, number], answer: KeyAnswer = 'done', holds?: string) =>
  operation({ kind: 'delete', condition: holds === undefined ? 'none' : { holds } }, answer, at)
const read = (holds: string | null, at: readonly [number, number]) => operation({ kind: 'read' }, holds === null ? 'absent' : { holds }, at)
const isFine = (...operations: readonly KeyOperation[]): boolean => linearize(operations).found

test('what can have happened is found to have happened', () => {
  expect(isFine()).toBe(true)
  expect(isFine(read(null, [0, 1]), put('a', [2, 3]), read('a', [4, 5]), remove([6, 7]), read(null, [8, 9]))).toBe(true)
  // At the same time: either order will do, but one for all.
  expect(isFine(put('a', [0, 5]), put('b', [1, 4]), read('a', [6, 7]), read('a', [8, 9]))).toBe(true)
  expect(isFine(put('a', [0, 5]), put('b', [1, 4]), read('b', [6, 7]))).toBe(true)
  expect(isFine(put('a', [0, 5]), read('a', [1, 2]), read('a', [3, 4]))).toBe(true)
  // One of two wins.
  const [first, second] = [put('a', [0, 5], 'done', 'absent'), put('b', [1, 4], 'refused', 'absent')]
  expect(isFine(first, second, read('a', [6, 7]))).toBe(true)
  expect(isFine(put('a', [0, 1]), put('b', [2, 3], 'done', { holds: 'a' }), put('c', [4, 5], 'refused', { holds: 'a' }))).toBe(true)
  expect(isFine(put('b', [0, 1], 'absent', { holds: 'a' }), remove([2, 3], 'absent', 'a'), remove([4, 5]))).toBe(true)
})

test('a lost write is found', () => {
  expect(isFine(put('a', [0, 1]), read(null, [2, 3]))).toBe(false)
  expect(isFine(put('a', [0, 1]), put('b', [2, 3]), read('a', [4, 5]))).toBe(false)
  expect(isFine(put('a', [0, 1]), put('b', [2, 3], 'done', 'absent'))).toBe(false)
})

test('a stale read is found, also where it began before the write had been answered', () => {
  expect(isFine(put('a', [0, 1]), put('b', [2, 9]), read('b', [3, 4]), read('a', [5, 6]))).toBe(false)
  expect(isFine(put('a', [0, 1]), put('b', [2, 9]), read('a', [3, 6]), read('b', [4, 5]))).toBe(true)
})

test('two winners of If-None-Match are found, and two of one If-Match', () => {
  expect(isFine(put('a', [0, 5], 'done', 'absent'), put('b', [1, 4], 'done', 'absent'))).toBe(false)
  expect(isFine(put('a', [0, 5], 'done', 'absent'), put('b', [1, 4], 'done', 'absent'), remove([0, 9]))).toBe(true)
  const twice = [put('b', [2, 5], 'done', { holds: 'a' }), put('c', [3, 4], 'done', { holds: 'a' })]
  expect(isFine(put('a', [0, 1]), ...twice)).toBe(false)
})

test('a lost conditional delete is found, and one that deleted what it should have spared', () => {
  expect(isFine(put('a', [0, 1]), remove([2, 3], 'done', 'a'), read('a', [4, 5]))).toBe(false)
  expect(isFine(put('a', [0, 1]), put('b', [2, 3]), remove([4, 5], 'done', 'a'), read(null, [6, 7]))).toBe(false)
  expect(isFine(put('a', [0, 1]), put('b', [2, 3]), remove([4, 5], 'refused', 'a'), read(null, [6, 7]))).toBe(false)
})

test('a value that rises again is found', () => {
  expect(isFine(put('a', [0, 1]), remove([2, 3]), read(null, [4, 5]), read('a', [6, 7]))).toBe(false)
  expect(isFine(put('a', [0, 1]), put('b', [2, 3]), read('b', [4, 5]), read('a', [6, 7]))).toBe(false)
})

test('a write that was carried out twice is found', () => {
  const overwritten = [read('a', [1, 2]), put('b', [3, 4], 'done', { holds: 'a' })]
  expect(isFine(put('a', [0, 9]), ...overwritten, read('a', [5, 6]))).toBe(false)
  expect(isFine(put('a', [0, 9], 'unknown'), ...overwritten, read('a', [5, 6]))).toBe(false)
})

test('a refusal that nothing explains is found', () => {
  expect(isFine(put('a', [0, 1], 'refused', 'absent'))).toBe(false)
  expect(isFine(put('a', [0, 1]), put('b', [2, 3], 'refused', { holds: 'a' }))).toBe(false)
  expect(isFine(put('a', [0, 1]), put('b', [2, 3], 'absent', { holds: 'a' }))).toBe(false)
  expect(isFine(read('of nobody', [0, 1]))).toBe(false)
})

test('what was not answered may have happened, or not, or late, but once, and not before it was sent', () => {
  const lost = put('b', [2, 3], 'unknown')
  expect(isFine(put('a', [0, 1]), lost, read('a', [4, 5]))).toBe(true)
  expect(isFine(put('a', [0, 1]), lost, read('b', [4, 5]))).toBe(true)
  expect(isFine(put('a', [0, 1]), lost, read('a', [4, 5]), read('a', [6, 7]), read('b', [8, 9]))).toBe(true)
  expect(isFine(put('a', [0, 1]), lost, read('b', [4, 5]), read('a', [6, 7]))).toBe(false)
  expect(isFine(put('a', [0, 1]), read('b', [1.1, 1.2]), lost)).toBe(false)
  // Nobody saw it, and yet something must have been there.
  expect(isFine(put('x', [0, 1], 'unknown'), put('a', [2, 3], 'refused', 'absent'), read(null, [4, 5]))).toBe(false)
  expect(isFine(put('x', [0, 1], 'unknown'), put('a', [2, 3], 'refused', 'absent'), remove([4, 5]), read(null, [6, 7]))).toBe(true)
  const deletions = [remove([0, 1], 'unknown'), remove([0, 1], 'unknown')]
  expect(isFine(...deletions, put('a', [2, 3]), read(null, [4, 5]), put('b', [6, 7]), read(null, [8, 9]))).toBe(true)
  expect(isFine(...deletions.slice(1), put('a', [2, 3]), read(null, [4, 5]), put('b', [6, 7]), read(null, [8, 9]))).toBe(false)
  // One leads to the other, and nobody was told of either.
  const chain = [put('b', [2, 3], 'unknown', { holds: 'a' }), put('c', [2, 3], 'unknown', { holds: 'b' })]
  expect(isFine(put('a', [0, 1]), ...chain, read('a', [4, 5]), read('c', [6, 7]))).toBe(true)
  expect(isFine(put('a', [0, 1]), ...chain, read('c', [4, 5]), read('b', [6, 7]))).toBe(false)
})

test('of a history that cannot be, it is said how far it can be followed', () => {
  const [a, b] = [put('a', [0, 1]), put('b', [2, 3])]
  const stale = read('a', [4, 5])
  expect(linearize([stale, b, a])).toEqual({ found: false, decided: true, order: [a, b], state: 'b', stuck: [stale] })
})

/** Tries every order of every choice of the unanswered ones. */
function bruteForce(operations: readonly KeyOperation[]): boolean {
  const answered = operations.filter(({ answer }) => answer !== 'unknown')
  const go = (left: readonly KeyOperation[], state: KeyState): boolean => {
    if (!left.some((each) => answered.includes(each))) return true
    const end = Math.min(...left.map(({ returnedAt }) => returnedAt))
    return left.some((each) => {
      if (each.invokedAt > end) return false
      const after = stateAfter(state, each.request, each.answer === 'unknown' ? 'done' : each.answer)
      return (
        after !== undefined &&
        go(
          left.filter((other) => other !== each),
          after,
        )
      )
    })
  }
  return go(
    operations.filter(({ request, answer }) => answer !== 'unknown' || request.kind !== 'read'),
    null,
  )
}

const VALUES = ['a', 'b', 'c']

function randomRequest(random: () => number, value: string): KeyRequest {
  const holds = VALUES[Math.floor(random() * VALUES.length)] ?? ''
  const roll = random()
  if (roll < 0.35) return { kind: 'read' }
  if (roll < 0.5) return { kind: 'delete', condition: random() < 0.5 ? 'none' : { holds } }
  return { kind: 'put', value, condition: random() < 0.4 ? 'none' : random() < 0.5 ? 'absent' : { holds } }
}

test('it says the same as trying every order, of 20,000 histories that are made up', () => {
  const random = randomFrom(7)
  const seen = { fine: 0, impossible: 0 }
  for (let round = 0; round < 20_000; round += 1) {
    const operations = Array.from({ length: 2 + Math.floor(random() * 5) }, (_, at) => {
      const request = randomRequest(random, VALUES[at] ?? `v${at}`)
      const holds = VALUES[Math.floor(random() * VALUES.length)] ?? ''
      const answers: readonly KeyAnswer[] =
        request.kind === 'read' ? ['absent', { holds }] : request.condition === 'none' ? ['done'] : ['done', 'refused', 'absent']
      const answer = random() < 0.25 ? 'unknown' : (answers[Math.floor(random() * answers.length)] ?? 'done')
      const invokedAt = Math.floor(random() * 8)
      return operation(request, answer, [invokedAt, invokedAt + 0.5 + Math.floor(random() * 5)])
    })
    const expected = bruteForce(operations)
    seen[expected ? 'fine' : 'impossible'] += 1
    if (linearize(operations).found !== expected) expect.fail(JSON.stringify({ expected, operations }, null, 1))
  }
  expect(seen.fine).toBeGreaterThan(2_000)
  expect(seen.impossible).toBeGreaterThan(2_000)
})

/** A real register, used by many clients at once; some are never answered. */
function recorded(random: () => number, { count, span }: { readonly count: number; readonly span: number }): KeyOperation[] {
  let state: KeyState = null
  const operations: KeyOperation[] = []
  for (let at = 0; at < count; at += 1) {
    const holds: string = random() < 0.7 ? (state ?? 'v0') : `v${Math.floor(random() * at)}`
    const drawn = randomRequest(random, `v${at}`)
    const request: KeyRequest = drawn.kind !== 'read' && typeof drawn.condition === 'object' ? { ...drawn, condition: { holds } } : drawn
    const time: readonly [number, number] = [at - random() * span, at + random() * span]
    if (random() < 0.1) {
      const after: KeyState | undefined = random() < 0.5 ? undefined : stateAfter(state, request, 'done')
      if (after !== undefined) state = after
      operations.push(operation(request, 'unknown', time))
      continue
    }
    const answers: readonly Exclude<KeyAnswer, 'unknown'>[] = ['done', 'refused', 'absent', ...(state === null ? [] : [{ holds: state }])]
    const before: KeyState = state
    const answer: (typeof answers)[number] | undefined = answers.find((each) => stateAfter(before, request, each) !== undefined)
    if (answer === undefined) throw new Error('a register answers')
    state = stateAfter(before, request, answer) ?? null
    operations.push(operation(request, answer, time))
  }
  return operations
}

test('what a real register answered is explained, however many use it at once', () => {
  const random = randomFrom(11)
  for (const span of [1, 2, 4, 8, 16]) {
    for (let round = 0; round < 4; round += 1) expect(isFine(...recorded(random, { count: 300, span }))).toBe(true)
  }
})

test('a lie among what a real register answered is found', () => {
  const random = randomFrom(12)
  for (let round = 0; round < 10; round += 1) {
    const operations = recorded(random, { count: 100, span: 3 })
    const old = operations.find(({ request, answer }) => request.kind === 'put' && answer === 'done')?.request
    expect(old?.kind).toBe('put')
    const lie = read(old?.kind === 'put' ? old.value : null, [1002, 1003])
    expect(linearize([...operations, put('end', [1000, 1001]), lie])).toMatchObject({
      found: false,
      decided: true,
      state: 'end',
      stuck: [lie],
    })
  }
})
