import { expect, test } from 'vitest'
import { readRefusal } from './refusal.ts'
import { delayBefore, withRetries } from './retry.ts'

const options = { attemptsMax: 3, retryDelaySeconds: 1, retryDelayMaxSeconds: 8 }
const closed = new AbortController().signal
const quick = { options: { ...options, retryDelaySeconds: 0 }, closed }
const slow = { options: { ...options, retryDelaySeconds: 1_000, retryDelayMaxSeconds: 1_000 }, closed }

test('waits grow, stay within half of their longest, and within the limit', () => {
  for (let round = 0; round < 100; round += 1) {
    for (const [number, longest] of [1, 2, 4, 8, 8].entries()) {
      const delay = delayBefore(number + 1, null, options)
      expect(delay).toBeGreaterThanOrEqual(longest / 2)
      expect(delay).toBeLessThanOrEqual(longest)
    }
  }
})

test('the service says how long, up to the limit', () => {
  expect(delayBefore(1, readRefusal(429, { 'retry-after': '5' }, ''), options)).toBe(5)
  expect(delayBefore(1, readRefusal(429, { 'retry-after': '3600' }, ''), options)).toBe(8)
  expect(delayBefore(1, readRefusal(429, { 'retry-after': 'Fri, 31 Dec 1999 23:59:59 GMT' }, ''), options)).toBeLessThanOrEqual(1)
})

test('an attempt hears whether one before it ended in doubt', async () => {
  const heard: boolean[] = []
  const failures = [readRefusal(429, {}, ''), readRefusal(503, {}, ''), readRefusal(429, {}, '')]
  await expect(
    withRetries({ store: quick }, async ({ number, isDoubtful }) => {
      heard.push(isDoubtful)
      throw failures[number - 1]
    }),
  ).rejects.toBe(failures[2])
  expect(heard).toEqual([false, false, true])
})

test('an abort ends the wait with its reason', async () => {
  const controller = new AbortController()
  const reason = { some: 'object' }
  const running = withRetries({ store: slow, signal: controller.signal }, async () => {
    setImmediate(() => controller.abort(reason))
    throw readRefusal(503, {}, '')
  })
  await expect(running).rejects.toBe(reason)
})

test.each(['before it', 'meanwhile'])('closing ends the wait with its reason: %s', async (when) => {
  const controller = new AbortController()
  const reason = new Error('closed')
  const signal = new AbortController().signal
  const running = withRetries({ store: { ...slow, closed: controller.signal }, signal }, async () => {
    if (when === 'meanwhile') setImmediate(() => controller.abort(reason))
    else controller.abort(reason)
    throw readRefusal(503, {}, '')
  })
  await expect(running).rejects.toBe(reason)
})
