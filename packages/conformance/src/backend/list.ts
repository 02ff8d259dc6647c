import assert from 'node:assert/strict'
import { bytesOf, key, keyOf, listKeys, putBytes } from './support.ts'
import type { BackendCase } from './support.ts'

const MANY = 1_100

/** Keys whose order is easily got wrong: `/` sorts after `-` and before every digit and letter. */
const TRICKY: readonly string[] = [
  '-a',
  '0',
  'a',
  'a-',
  'a--b',
  'a/-',
  'a/0',
  'a/b',
  'a/b/c',
  'a/b0',
  'a0',
  'a_',
  'aa',
  'ab/c',
  'b',
  'z/z/z/z',
]

/** Listings: everything, once, in byte order. */
export const listCases: readonly BackendCase[] = [
  {
    name: 'list: an empty store lists nothing',
    async run(backend) {
      assert.deepEqual(await listKeys(backend), [])
      assert.deepEqual(await listKeys(backend, { prefix: 'a' }), [])
    },
  },
  {
    name: 'list: says the size, and a time that is one',
    async run(backend) {
      await putBytes(backend, keyOf(1), bytesOf(0))
      await putBytes(backend, keyOf(2), bytesOf(12_345))
      const entries = []
      for await (const entry of backend.list({ prefix: '' })) entries.push(entry)
      assert.deepEqual(
        entries.map(({ key, size }) => ({ key, size })),
        [
          { key: keyOf(1), size: 0 },
          { key: keyOf(2), size: 12_345 },
        ],
      )
      for (const { modifiedAt } of entries) assert.ok(modifiedAt instanceof Date && modifiedAt.getTime() > 0)
    },
  },
  {
    name: 'list: byte order, over segments too',
    async run(backend) {
      for (const name of [...TRICKY].reverse()) await putBytes(backend, key(name), bytesOf(1))
      assert.deepEqual(await listKeys(backend), TRICKY)
    },
  },
  {
    name: 'list: every prefix gives what begins with it',
    async run(backend) {
      for (const name of TRICKY) await putBytes(backend, key(name), bytesOf(1))
      for (const prefix of ['a', 'a/', 'a-', 'a/b', 'a/b/', 'ab', 'ab/', 'z/z/', 'zz', '-']) {
        const expected = TRICKY.filter((name) => name.startsWith(prefix))
        assert.deepEqual(await listKeys(backend, { prefix }), expected, `prefix ${prefix}`)
      }
    },
  },
  {
    name: 'list: after every key comes the rest, whether or not the key is there',
    async run(backend) {
      const there = TRICKY.filter((_, index) => index % 2 === 0)
      for (const name of there) await putBytes(backend, key(name), bytesOf(1))
      for (const name of TRICKY) {
        const expected = there.filter((other) => other > name)
        assert.deepEqual(await listKeys(backend, { after: key(name) }), expected, `after ${name}`)
      }
      const below = there.filter((name) => name.startsWith('a/') && name > 'a/0')
      assert.deepEqual(await listKeys(backend, { prefix: 'a/', after: key('a/0') }), below)
      assert.deepEqual(
        await listKeys(backend, { prefix: 'b', after: key('a') }),
        there.filter((name) => name.startsWith('b')),
      )
    },
  },
  {
    name: `list: ${MANY} keys, more than a page of any store`,
    async run(backend) {
      const numbers = Array.from({ length: MANY }, (_, index) => index)
      await Promise.all(numbers.map((number) => putBytes(backend, keyOf(number), bytesOf(10, number))))
      assert.deepEqual(await listKeys(backend), numbers.map(keyOf))
      assert.deepEqual(await listKeys(backend, { after: keyOf(1_049) }), numbers.slice(1_050).map(keyOf))
    },
  },
  {
    name: 'list: may be left early',
    async run(backend) {
      for (const number of [1, 2, 3]) await putBytes(backend, keyOf(number), bytesOf(1))
      for await (const entry of backend.list({ prefix: '' })) {
        assert.equal(entry.key, keyOf(1))
        break
      }
      assert.equal((await listKeys(backend)).length, 3)
    },
  },
  {
    name: 'list: what is deleted meanwhile does no harm',
    async run(backend) {
      const numbers = Array.from({ length: 20 }, (_, index) => index)
      await Promise.all(numbers.map((number) => putBytes(backend, keyOf(number), bytesOf(1))))
      const seen: string[] = []
      for await (const entry of backend.list({ prefix: '' })) {
        seen.push(entry.key)
        if (seen.length === 1) await backend.delete([keyOf(10), keyOf(19)])
      }
      const kept = numbers.filter((number) => number !== 10 && number !== 19).map(keyOf)
      assert.deepEqual(
        seen.filter((name) => kept.includes(key(name))),
        kept,
      )
    },
  },
]
