import type { Backend } from '@stowage/core/backend'
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { answers, bytesOf, failureOf, KEY, leftOvers, readBlob, sourceOf, startFaultyStore } from './support/faulty-store.ts'

vi.setConfig({ testTimeout: 30_000 })
const store = await startFaultyStore()
afterEach(() => {
  store.upstream.heal()
  store.upstream.forget()
})
afterAll(() => store.stop())

const BYTES = bytesOf(3_000_000)
const CLOSED = { code: 'BackendUnavailable', retryable: false, message: 'The backend is closed.' }
/** Longer than the pauses after which something would be asked for again, in milliseconds. */
const LATER_MS = 700

/** A backend with one blob, and nothing seen yet. */
async function withBlob(): Promise<Backend> {
  const backend = store.faulty()
  await backend.put(KEY, sourceOf(BYTES), { size: BYTES.length })
  store.upstream.forget()
  return backend
}

describe('close', () => {
  test('while a stream is read: it ends with an error that says so, and nothing more is asked for', async () => {
    const backend = await withBlob()
    const stream = await backend.get(KEY, {})
    const read = failureOf(
      (async () => {
        for await (const _ of stream) await backend.close()
      })(),
    )
    expect(await read).toMatchObject(CLOSED)
    await new Promise((resolve) => setTimeout(resolve, LATER_MS))
    expect(store.upstream.requests).toHaveLength(1)
  })

  test('while nobody reads a stream that is open, or one waits to be taken up again', async () => {
    const backend = await withBlob()
    const open = await backend.get(KEY, {})
    store.upstream.add({ method: 'GET', nth: 1, fault: { kind: 'reset', when: 'after-head' } })
    const broken = await backend.get(KEY, {})
    broken.resume()
    const failures = [open, broken].map((stream) => new Promise((resolve) => stream.once('error', resolve)))
    await backend.close()
    for (const failure of failures) expect(await failure).toMatchObject(CLOSED)
  })

  test('while requests are on their way: they fail at once', async () => {
    const backend = await withBlob()
    store.upstream.add({ times: Infinity, fault: { kind: 'hang', executed: false } })
    const calls = [readBlob(backend), backend.delete([KEY]), backend.init(), backend.put(KEY, sourceOf(BYTES), {})].map(failureOf)
    await vi.waitFor(() => expect(store.upstream.requests).toHaveLength(4))
    await backend.close()
    for (const failure of await Promise.all(calls)) expect(failure).toMatchObject(CLOSED)
    await new Promise((resolve) => setTimeout(resolve, LATER_MS))
    expect(store.upstream.requests).toHaveLength(4)
  })

  test('while a put waits for its body: the put fails, and the body is told', async () => {
    const backend = await withBlob()
    let told = (): void => undefined
    const stopped = new Promise<void>((resolve) => (told = resolve))
    const body = {
      [Symbol.asyncIterator]: (): AsyncIterator<Uint8Array> => ({
        next: () => new Promise(() => undefined),
        return: () => {
          told()
          return Promise.resolve({ done: true, value: undefined })
        },
      }),
    }
    const put = failureOf(backend.put(KEY, body, {}))
    await backend.close()
    expect(await put).toMatchObject(CLOSED)
    await stopped
  })

  test('afterwards every call fails, and no body is left waiting', async () => {
    const backend = await withBlob()
    await backend.close()
    await backend.close()
    let ended = false
    const body = {
      [Symbol.asyncIterator]: (): AsyncIterator<Uint8Array> => ({
        next: () => Promise.resolve({ done: false, value: BYTES }),
        return: () => {
          ended = true
          return Promise.resolve({ done: true, value: undefined })
        },
      }),
    }
    const calls = [readBlob(backend), backend.delete([KEY]), backend.init(), backend.put(KEY, body, {}), leftOvers(backend)]
    for (const call of calls) expect(await failureOf(call)).toMatchObject(CLOSED)
    expect(ended).toBe(true)
    expect(store.upstream.requests).toHaveLength(0)
  })
})

describe('a stream that nobody listens to yet', () => {
  /** What would end the process: of errors without a listener. */
  const uncaught: unknown[] = []
  const note = (error: unknown): void => void uncaught.push(error)
  const others = process.listeners('uncaughtException')

  beforeEach(() => {
    uncaught.length = 0
    process.removeAllListeners('uncaughtException').on('uncaughtException', note)
  })
  afterEach(() => {
    process.removeAllListeners('uncaughtException')
    for (const other of others) process.on('uncaughtException', other)
  })

  test('is closed: the process goes on, and whoever reads it later finds the error', async () => {
    const backend = await withBlob()
    const stream = await backend.get(KEY, {})
    await backend.close()
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(uncaught).toEqual([])
    expect(await failureOf(stream.toArray())).toMatchObject(CLOSED)
  })

  test.each([
    { kind: 'reset', when: 'after-head' },
    { kind: 'close', afterBytes: 1_000 },
  ] as const)('breaks off ($kind), and the service does not come back: the same', async (fault) => {
    const backend = store.faulty({ attemptsMax: 2 })
    await backend.put(KEY, sourceOf(BYTES), { size: BYTES.length })
    store.upstream.add({ method: 'GET', fault })
    store.upstream.add({ method: 'GET', nth: 2, times: Infinity, fault: answers(500, 'InternalError') })
    const stream = await backend.get(KEY, {})
    // Wanted, but nobody hears of it.
    stream.read()
    await vi.waitFor(() => expect(stream.destroyed).toBe(true), { timeout: 20_000 })
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(uncaught).toEqual([])
    expect(await failureOf(stream.toArray())).toMatchObject({ code: 'BackendUnavailable', retryable: true })
  })
})
