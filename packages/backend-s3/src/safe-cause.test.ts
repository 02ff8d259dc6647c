import { describe, expect, test } from 'vitest'
import { safeCause } from './safe-cause.ts'

const PAGE = `<html>${'a page of somebody '.repeat(200)}the end of it</html>`

/** What was made of an error, as one. */
function madeOf(error: unknown): Error {
  const safe = safeCause(error)
  if (!(safe instanceof Error)) throw new TypeError('not an error')
  return safe
}

describe('safeCause', () => {
  test('a message of a page is cut, in the stack, too', () => {
    const { message, stack = '' } = madeOf(new TypeError(PAGE))
    expect(message).toBe(PAGE.slice(0, 1_000))
    expect(stack).toContain('TypeError: <html>')
    expect(stack).not.toContain('the end of it')
    expect(stack).toMatch(/\n {4}at .*safe-cause\.test/)
    expect(stack.length).toBeLessThan(4_000)
  })

  test('so it is where the message was another one when the stack was made', () => {
    const error = new TypeError(PAGE)
    expect(error.stack).toContain('the end of it')
    error.message = 'short'
    const { message, stack = '' } = madeOf(error)
    expect(message).toBe('short')
    expect(stack).not.toContain('the end of it')
    expect(stack).toMatch(/^TypeError: short\n {4}at .*safe-cause\.test/)
  })

  test('a stack of a short message stays as it is', () => {
    const error = new RangeError('short')
    expect(madeOf(error).stack).toBe(error.stack)
  })

  test('a stack without an end is cut', () => {
    const error = Object.assign(new Error('x'), { stack: `Error: x\n${'    at somewhere (file.js:1:1)\n'.repeat(1_000)}` })
    expect(madeOf(error).stack?.length).toBeLessThanOrEqual(8_000)
  })
})
