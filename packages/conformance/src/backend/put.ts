import assert from 'node:assert/strict'
import { assertFails, assertNothingThere, assertSameBytes, bytesOf, getBytes, key, keyOf, listKeys, putBytes, sourceOf } from './support.ts'
import type { BackendCase } from './support.ts'

const MIB = 1024 * 1024

/** What goes in comes out, whatever its size and however it is cut. */
export const putCases: readonly BackendCase[] = [
  ...[0, 1, 4_096, 65_537, MIB, MIB + 1, 5 * MIB - 1].map((size): BackendCase => ({
    name: `put: a blob of ${size} bytes comes back whole`,
    async run(backend) {
      const bytes = bytesOf(size)
      assert.deepEqual(await backend.put(keyOf(1), sourceOf(bytes), { size }), { size })
      assertSameBytes(await getBytes(backend, keyOf(1)), bytes)
    },
  })),
  {
    name: 'put: the size need not be known',
    async run(backend) {
      const bytes = bytesOf(300_000)
      assert.deepEqual(await backend.put(keyOf(1), sourceOf(bytes), {}), { size: bytes.length })
      assertSameBytes(await getBytes(backend, keyOf(1)), bytes)
    },
  },
  {
    name: 'put: chunks of one byte, of no byte and of megabytes are all the same',
    async run(backend) {
      const bytes = bytesOf(3 * MIB + 200)
      async function* body(): AsyncGenerator<Uint8Array> {
        for (let index = 0; index < 200; index++) {
          yield bytes.subarray(index, index + 1)
          yield new Uint8Array(0)
        }
        yield bytes.subarray(200, 200 + 2 * MIB)
        yield bytes.subarray(200 + 2 * MIB)
      }
      assert.deepEqual(await backend.put(keyOf(1), body(), { size: bytes.length }), { size: bytes.length })
      assertSameBytes(await getBytes(backend, keyOf(1)), bytes)
    },
  },
  {
    name: 'put: a plain Uint8Array is as good as a Buffer, and so is a view into a larger buffer',
    async run(backend) {
      const bytes = bytesOf(10_000)
      const larger = new Uint8Array(20_000)
      larger.set(bytes, 5_000)
      await putBytes(backend, keyOf(1), larger.subarray(5_000, 15_000))
      assertSameBytes(await getBytes(backend, keyOf(1)), bytes)
    },
  },
  ...[MIB - 1, MIB + 1].map((size): BackendCase => ({
    name: `put: a body of ${MIB} bytes that was promised as ${size} fails and leaves nothing`,
    async run(backend) {
      await assertFails(backend.put(keyOf(1), sourceOf(bytesOf(MIB)), { size }), 'IncompleteBody')
      await assertNothingThere(backend, keyOf(1))
    },
  })),
  {
    name: 'put: a body that goes on past its promised size is stopped, not read to its end',
    async run(backend) {
      let stopped = false
      async function* endless(): AsyncGenerator<Uint8Array> {
        try {
          for (;;) yield new Uint8Array(1_000)
        } finally {
          stopped = true
        }
      }
      await assertFails(backend.put(keyOf(1), endless(), { size: 1_500 }), 'IncompleteBody')
      assert.ok(stopped, 'the body was told to stop')
      await assertNothingThere(backend, keyOf(1))
    },
  },
  {
    name: 'put: a size above blobSizeMax is refused before the body is read',
    async run(backend) {
      let asked = false
      async function* body(): AsyncGenerator<Uint8Array> {
        asked = true
        yield new Uint8Array(1)
      }
      await assertFails(backend.put(keyOf(1), body(), { size: backend.limits.blobSizeMax + 1 }), 'ObjectTooLarge')
      assert.equal(asked, false)
      await assertNothingThere(backend, keyOf(1))
    },
  },
  {
    name: 'put: blobs do not get into each other',
    async run(backend) {
      for (const number of [1, 2, 3]) await putBytes(backend, keyOf(number), bytesOf(70_000 + number, number))
      for (const number of [3, 1, 2]) assertSameBytes(await getBytes(backend, keyOf(number)), bytesOf(70_000 + number, number))
    },
  },
  {
    name: 'put: a key is not eaten by one that begins with it',
    async run(backend) {
      const names = ['a', 'a/b', 'a/b/c', 'a-', 'ab', 'a_b']
      for (const [index, name] of names.entries()) await putBytes(backend, key(name), bytesOf(100, index))
      for (const [index, name] of names.entries()) assertSameBytes(await getBytes(backend, key(name)), bytesOf(100, index))
      await backend.delete([key('a'), key('a/b')])
      assert.deepEqual(await listKeys(backend), ['a-', 'a/b/c', 'a_b', 'ab'])
    },
  },
]
