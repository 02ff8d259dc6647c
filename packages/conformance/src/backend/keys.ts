import assert from 'node:assert/strict'
import { BLOB_KEY_LENGTH_MAX } from '@stowage/core/backend'
import { assertSameBytes, bytesOf, getBytes, key, listKeys, putBytes } from './support.ts'
import type { BackendCase } from './support.ts'

const LONG = 'k'.repeat(BLOB_KEY_LENGTH_MAX)

/** Every valid key works: length, depth, alphabet. */
const KEYS: readonly string[] = [
  '0123456789abcdefghijklmnopqrstuvwxyz_-',
  '-',
  '_',
  '0',
  '--/--',
  LONG,
  `${'s/'.repeat(BLOB_KEY_LENGTH_MAX / 2 - 1)}xy`,
  `${'long-segment_'.repeat(14)}/x`,
  'a/d',
  'a/d/d',
  'd',
]

/** Keys. */
export const keyCases: readonly BackendCase[] = [
  {
    name: 'keys: every valid key holds a blob of its own',
    async run(backend) {
      for (const [index, name] of KEYS.entries()) await putBytes(backend, key(name), bytesOf(50, index))
      for (const [index, name] of KEYS.entries()) assertSameBytes(await getBytes(backend, key(name)), bytesOf(50, index))
      assert.deepEqual(await listKeys(backend), [...KEYS].sort())
      await backend.delete(KEYS.map(key))
      assert.deepEqual(await listKeys(backend), [])
    },
  },
]
