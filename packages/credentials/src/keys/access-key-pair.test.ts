import { expect, test } from 'vitest'
import { checkPair, newAccessKeyPair } from './access-key-pair.ts'

test('new pairs are such as clients take, on command lines too', () => {
  const pairs = Array.from({ length: 2000 }, newAccessKeyPair)
  for (const pair of pairs) {
    expect(() => checkPair(pair)).not.toThrow()
    expect(pair.accessKeyId).toMatch(/^AKIA[A-Z2-7]{16}$/)
    // One of 64 would begin with a dash.
    expect(pair.secretAccessKey).toMatch(/^[A-Za-z0-9_][A-Za-z0-9_-]{39}$/)
  }
  expect(new Set(pairs.map(({ secretAccessKey }) => secretAccessKey)).size).toBe(pairs.length)
})
