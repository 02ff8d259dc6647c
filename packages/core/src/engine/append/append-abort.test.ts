import { expect, test } from 'vitest'
import { openClockedEngine } from '../../../test/clocked-engine.ts'
import { bytesOf, describeOnEachStore } from '../../../test/engine-matrix.ts'
import type { Backend } from '../../backend/backend.ts'
import { memoryBackend } from '../../backend/memory-backend.ts'
import { LateSignal } from './late-signal.ts'

const REASON = new Error('the client is gone')

/** Takes a body in and never says that it has: only its signal ends a put. */
function hangingBackend(): { readonly backend: Backend; hang: boolean; readonly reached: Promise<void> } {
  const inner = memoryBackend()
  const put = inner.put.bind(inner)
  let arrive = (): void => undefined
  const reached = new Promise<void>((resolve) => {
    arrive = resolve
  })
  const state = {
    hang: false,
    reached,
    backend: Object.assign(inner, {
      put: async (...[key, body, options]: Parameters<Backend['put']>): ReturnType<Backend['put']> => {
        const stored = await put(key, body, {})
        if (!state.hang) return stored
        arrive()
        return new Promise((_, reject) => {
          options.signal?.addEventListener('abort', () => reject(options.signal?.reason), { once: true })
        })
      },
    }),
  }
  return state
}

describeOnEachStore('an append that is aborted', (store) => {
  test('ends where the backend does not: nothing of its last blob is kept, and the upload goes on', async () => {
    const hanging = hangingBackend()
    const limits = { inlineSizeMax: 0, appendBlobSizeMax: 1_000, abortedAppendSeconds: 0.01 }
    const { session, bucket, engine, expectClean } = await openClockedEngine(store, { limits, backend: hanging.backend })
    const { uploadId } = await session.createAppendUpload({ bucket, key: 'k' })
    const at = { bucket, key: 'k', uploadId }
    await session.append({ ...at, offset: 0, body: bytesOf(500) })
    const controller = new AbortController()
    hanging.hang = true
    const appending = session.append({ ...at, offset: 500, body: bytesOf(300), signal: controller.signal })
    await hanging.reached
    controller.abort(REASON)
    await expect(appending).rejects.toBe(REASON)
    hanging.hang = false
    expect((await session.getAppendUpload(at)).offset).toBe(500)
    await session.append({ ...at, offset: 500, body: bytesOf(300) })
    expect((await session.finishAppendUpload(at)).size).toBe(800)
    await expectClean(2)
    await engine.close()
  })
})

test('a late signal that was stopped never fires; one over an aborted signal begins at once', async () => {
  const controller = new AbortController()
  const stopped = new LateSignal(controller.signal, 0)
  const other = new LateSignal(controller.signal, 0)
  stopped.stop()
  controller.abort(REASON)
  const after = new LateSignal(controller.signal, 0)
  for (const { signal } of [other, after]) {
    if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve))
    expect(signal.reason).toBe(REASON)
  }
  expect(stopped.signal.aborted).toBe(false)
})
