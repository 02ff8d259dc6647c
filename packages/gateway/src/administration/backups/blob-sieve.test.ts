import { parseBlobKey } from '@stowage/core/backend'
import { expect, test } from 'vitest'
import { BlobSieve } from './blob-sieve.ts'

test('what was put in is found, and hardly anything else', () => {
  const sieve = new BlobSieve()
  const keys = Array.from({ length: 20_000 }, (_, n) => parseBlobKey(`${(n * 7919).toString(16).padStart(12, '0')}-blob`))
  const [put, others] = [keys.slice(0, 10_000), keys.slice(10_000)]
  for (const key of put) sieve.add(key)
  expect(put.every((key) => sieve.mayHave(key))).toBe(true)
  // Some eight in a hundred thousand places are taken.
  expect(others.filter((key) => sieve.mayHave(key)).length).toBeLessThan(20)
})
