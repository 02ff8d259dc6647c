import assert from 'node:assert/strict'
import { assertSameBytes, bytesOf, failingSource, failureOf, getBytes, keyOf, listKeys, putBytes } from './support.ts'
import type { BackendCase } from './support.ts'

const MANY = 1_000

/** Many at once. */
export const concurrencyCases: readonly BackendCase[] = [
  {
    name: `concurrency: ${MANY} puts at once are ${MANY} whole blobs`,
    async run(backend) {
      const numbers = Array.from({ length: MANY }, (_, index) => index)
      await Promise.all(numbers.map((number) => putBytes(backend, keyOf(number), bytesOf(500 + number, number))))
      const read = await Promise.all(numbers.map((number) => getBytes(backend, keyOf(number))))
      for (const [number, bytes] of read.entries()) assertSameBytes(bytes, bytesOf(500 + number, number))
      assert.deepEqual(await listKeys(backend), numbers.map(keyOf))
    },
  },
  {
    name: 'concurrency: puts that fail do not take others with them',
    async run(backend) {
      const numbers = Array.from({ length: 60 }, (_, index) => index)
      await Promise.all(
        numbers.map((number) => {
          const bytes = bytesOf(100_000, number)
          if (number % 3 !== 0) return putBytes(backend, keyOf(number), bytes)
          return failureOf(backend.put(keyOf(number), failingSource(bytes, new Error('gone')), {}))
        }),
      )
      const kept = numbers.filter((number) => number % 3 !== 0)
      assert.deepEqual(await listKeys(backend), kept.map(keyOf))
      for (const number of kept) assertSameBytes(await getBytes(backend, keyOf(number)), bytesOf(100_000, number))
    },
  },
  {
    name: 'concurrency: puts, reads and deletes of different blobs go on beside each other',
    async run(backend) {
      const rounds = Array.from({ length: 40 }, (_, index) => index)
      await Promise.all(
        rounds.map(async (number) => {
          const bytes = bytesOf(200_000, number)
          await putBytes(backend, keyOf(number), bytes)
          assertSameBytes(await getBytes(backend, keyOf(number)), bytes)
          if (number % 2 === 0) await backend.delete([keyOf(number)])
        }),
      )
      assert.deepEqual(await listKeys(backend), rounds.filter((number) => number % 2 !== 0).map(keyOf))
    },
  },
]
