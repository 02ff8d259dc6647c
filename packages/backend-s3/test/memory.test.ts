import { afterAll, expect, test, vi } from 'vitest'
import { KEY, readBlob, startFaultyStore } from './support/faulty-store.ts'

vi.setConfig({ testTimeout: 60_000 })
const store = await startFaultyStore()
afterAll(() => store.stop())

const PART_SIZE = 5 * 1024 ** 2
const CHUNK = new Uint8Array(100_000).fill(7)

test.each([1, 3])('a put takes no more of its body than concurrency + 1 parts (%i at once) ahead of the service', async (concurrency) => {
  const backend = store.faulty({ concurrency, idleTimeoutSeconds: 30, requestTimeoutSeconds: 30 })
  // The parts that came first do not end before this is answered.
  store.upstream.add({ method: 'PUT', query: /partNumber=/, times: concurrency, fault: { kind: 'hang', executed: false } })
  const end = new AbortController()
  let taken = 0
  async function* body(): AsyncGenerator<Uint8Array> {
    for (;;) {
      taken += CHUNK.length
      yield CHUNK
    }
  }
  const put = backend.put(KEY, body(), { signal: end.signal }).catch((error: unknown) => error)
  const most = PART_SIZE * (concurrency + 1) + CHUNK.length
  await vi.waitFor(() => expect(taken).toBeGreaterThan(PART_SIZE * concurrency), { timeout: 20_000 })
  await new Promise((resolve) => setTimeout(resolve, 300))
  expect(taken).toBeLessThanOrEqual(most)
  const reason = new Error('enough')
  end.abort(reason)
  expect(await put).toBe(reason)
  store.upstream.heal()
})

test('parts arrive in any order and are one blob, of unknown size', async () => {
  const backend = store.faulty({ concurrency: 3 })
  store.upstream.add({ method: 'PUT', query: /partNumber=1&/, fault: { kind: 'slow', what: 'request', chunkSize: 2_000_000, pauseMs: 50 } })
  const size = 17_000_000
  async function* body(): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < size; at += 170_000) yield new Uint8Array(170_000).fill((at / 170_000) % 251)
  }
  expect(await backend.put(KEY, body(), {})).toEqual({ size })
  const bytes = await readBlob(store.direct(backend))
  expect(bytes.length).toBe(size)
  for (let at = 0; at < size; at += 170_000) expect([bytes[at], bytes[at + 169_999]]).toEqual([(at / 170_000) % 251, (at / 170_000) % 251])
})
