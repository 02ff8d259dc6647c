import { AssertionError } from 'node:assert'
import { expect, test } from 'vitest'
import { assert } from './assert.ts'

test('passes what holds and throws what does not', () => {
  expect(() => assert(true, 'never shown')).not.toThrow()
  expect(() => assert(false, 'the reason')).toThrow(new AssertionError({ message: 'the reason' }))
})
