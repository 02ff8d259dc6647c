import { createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest'
import { bytesOf, failureOf, KEY, readBlob, sourceOf, startFaultyStore } from './support/faulty-store.ts'

vi.setConfig({ testTimeout: 30_000 })
const store = await startFaultyStore()
afterEach(() => {
  store.upstream.heal()
  store.upstream.forget()
})
afterAll(() => store.stop())

const BYTES = bytesOf(1_000_000)

describe('connections', () => {
  test('a request waits for one longer than it may take to connect', async () => {
    const backend = store.faulty({ connectionsMax: 1, connectTimeoutSeconds: 1, attemptsMax: 1 })
    await backend.put(KEY, sourceOf(BYTES), { size: BYTES.length })
    // The one connection is taken for about three seconds.
    store.upstream.add({ method: 'GET', fault: { kind: 'slow', what: 'answer', chunkSize: 100_000, pauseMs: 300 } })
    const [first, second] = await Promise.all([readBlob(backend), readBlob(backend, { start: 0, end: 9 })])
    expect([first.equals(BYTES), second.equals(BYTES.subarray(0, 9))]).toEqual([true, true])
  })

  test('but not longer than a request may take', async () => {
    const backend = store.faulty({ connectionsMax: 1, requestTimeoutSeconds: 1, attemptsMax: 1 })
    await backend.put(KEY, sourceOf(BYTES), { size: BYTES.length })
    const reader = await backend.get(KEY, {})
    expect(await failureOf(readBlob(backend))).toMatchObject({ code: 'BackendUnavailable', retryable: true })
    reader.destroy()
    expect((await readBlob(backend)).equals(BYTES)).toBe(true)
  })

  test('a service that takes connections and says nothing ends the wait', async () => {
    const sockets: Socket[] = []
    const silent = createServer((socket) => void sockets.push(socket))
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
    const endpoint = `https://127.0.0.1:${(silent.address() as AddressInfo).port}`
    const backend = store.faulty({
      endpoint,
      connectTimeoutSeconds: 0.2,
      attemptsMax: 2,
      idleTimeoutSeconds: 3_600,
      requestTimeoutSeconds: 3_600,
    })
    const failure = await failureOf(backend.init())
    expect(failure?.message).toBe('S3 could not init: the service did not answer in time (HeadBucket: ETIMEDOUT).')
    expect(sockets).toHaveLength(2)
    for (const socket of sockets) socket.destroy()
    await new Promise((resolve) => silent.close(resolve))
  })
})
