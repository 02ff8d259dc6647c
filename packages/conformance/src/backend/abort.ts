import assert from 'node:assert/strict'
import {
  collect,
  assertNothingThere,
  assertSameBytes,
  bytesOf,
  failureOf,
  getBytes,
  keyOf,
  listKeys,
  pausingSource,
  putBytes,
  sourceOf,
} from './support.ts'
import type { BackendCase } from './support.ts'

/** Reasons need not be errors of ours, or of anybody's. */
const REASONS: readonly unknown[] = [new Error('the client is gone'), 'a word', { some: 'object' }]

/** Aborting rejects with the reason, and leaves nothing. */
export const abortCases: readonly BackendCase[] = [
  {
    name: 'abort: what is aborted before it begins does nothing and rejects with the reason',
    async run(backend) {
      await putBytes(backend, keyOf(1), bytesOf(10))
      for (const reason of REASONS) {
        const signal = AbortSignal.abort(reason)
        assert.equal(await failureOf(backend.put(keyOf(2), sourceOf(bytesOf(10)), { signal })), reason)
        assert.equal(await failureOf(backend.get(keyOf(1), { signal })), reason)
        assert.equal(await failureOf(backend.delete([keyOf(1)], { signal })), reason)
        assert.equal(await failureOf(collect(backend.list({ prefix: '', signal }))), reason)
      }
      assert.deepEqual(await listKeys(backend), [keyOf(1)])
    },
  },
  ...[0, 5, 3_000_000].map((size): BackendCase => ({
    name: `abort: a put whose body hangs after ${size} bytes stops, and leaves nothing`,
    async run(backend) {
      const controller = new AbortController()
      const source = pausingSource(bytesOf(size))
      const put = failureOf(backend.put(keyOf(1), source.body, { size: size + 1, signal: controller.signal }))
      await source.paused
      const reason = new Error('enough')
      controller.abort(reason)
      assert.equal(await put, reason)
      await assertNothingThere(backend, keyOf(1))
      source.resume()
      await putBytes(backend, keyOf(1), bytesOf(7))
    },
  })),
  {
    name: 'abort: a put that is aborted between two chunks leaves nothing',
    async run(backend) {
      const controller = new AbortController()
      const reason = new Error('enough')
      async function* body(): AsyncGenerator<Uint8Array> {
        for (let number = 0; ; number++) {
          if (number === 30) controller.abort(reason)
          yield bytesOf(65_536, number)
        }
      }
      assert.equal(await failureOf(backend.put(keyOf(1), body(), { signal: controller.signal })), reason)
      await assertNothingThere(backend, keyOf(1))
    },
  },
  {
    name: 'abort: a listing stops with the reason',
    async run(backend) {
      for (const number of [1, 2, 3]) await putBytes(backend, keyOf(number), bytesOf(1))
      const controller = new AbortController()
      const reason = new Error('enough')
      let seen = 0
      const listing = (async () => {
        for await (const _ of backend.list({ prefix: '', signal: controller.signal })) {
          seen += 1
          controller.abort(reason)
        }
      })()
      // A page that was fetched may still be handed out.
      const error = await listing.then(
        () => null,
        (failure: unknown) => failure,
      )
      assert.ok(error === reason || (error === null && seen === 3))
    },
  },
  {
    name: 'abort: a signal that is never used changes nothing, and keeps no listener',
    async run(backend) {
      const { signal } = new AbortController()
      let listeners = 0
      const add = signal.addEventListener.bind(signal)
      const remove = signal.removeEventListener.bind(signal)
      signal.addEventListener = (...parameters: Parameters<typeof add>) => {
        listeners += 1
        add(...parameters)
      }
      signal.removeEventListener = (...parameters: Parameters<typeof remove>) => {
        listeners -= 1
        remove(...parameters)
      }
      const bytes = bytesOf(500_000)
      await backend.put(keyOf(1), sourceOf(bytes), { signal })
      assertSameBytes(await getBytes(backend, keyOf(1)), bytes)
      assert.ok(listeners <= 0, `${listeners} listeners are left on the signal`)
    },
  },
]
