import { memoryBackend, parseBlobKey, without } from '@stowage/core/backend'
import type { Backend, BlobKey } from '@stowage/core/backend'
import { describe, expect, test } from 'vitest'
import { backendCases, faultyBackend, runCases } from './index.ts'
import { bytesOf, getBytes, listKeys, putBytes, sourceOf } from './backend/support.ts'

const FIRST = parseBlobKey('first')
const SECOND = parseBlobKey('second')

describe('a plan that never strikes', () => {
  runCases(test, backendCases, { open: async () => faultyBackend(memoryBackend()), facets: ['copying', 'joining'] })
})

async function twoBlobs(): Promise<Backend> {
  const memory = memoryBackend()
  await putBytes(memory, FIRST, bytesOf(1_000))
  await putBytes(memory, SECOND, bytesOf(1_000))
  return memory
}

function put(backend: Backend, key: BlobKey, options: { readonly signal?: AbortSignal } = {}): Promise<unknown> {
  return backend.put(key, sourceOf(bytesOf(1_000)), options)
}

describe('faultyBackend', () => {
  test('counts calls, and fails exactly the planned ones', async () => {
    const backend = faultyBackend(memoryBackend(), { failAt: 2, times: 2 })
    await put(backend, FIRST)
    await expect(put(backend, SECOND)).rejects.toMatchObject({ code: 'BackendUnavailable', details: { operation: 'put' } })
    await expect(backend.get(FIRST, {})).rejects.toMatchObject({ code: 'BackendUnavailable' })
    await backend.delete([FIRST])
    expect(backend.calls).toBe(4)
    expect(backend.history).toEqual(['put', 'put', 'get', 'delete'])
  })

  test('counts only the operations it is asked to', async () => {
    const backend = faultyBackend(memoryBackend(), { failAt: 1, operations: ['delete'] })
    await put(backend, FIRST)
    await expect(backend.delete([FIRST])).rejects.toMatchObject({ code: 'BackendUnavailable' })
    expect(backend.calls).toBe(1)
  })

  test('before: nothing has happened', async () => {
    const memory = memoryBackend()
    await expect(put(faultyBackend(memory, { failAt: 1 }), FIRST)).rejects.toMatchObject({ code: 'BackendUnavailable' })
    expect(await listKeys(memory)).toEqual([])
  })

  test('after: a put has happened, and so has a delete', async () => {
    const memory = memoryBackend()
    const backend = faultyBackend(memory, { failAt: 1, times: Number.POSITIVE_INFINITY, mode: 'after' })
    await expect(put(backend, FIRST)).rejects.toMatchObject({ code: 'BackendUnavailable' })
    expect(await listKeys(memory)).toEqual([FIRST])
    await expect(backend.delete([FIRST])).rejects.toMatchObject({ code: 'BackendUnavailable' })
    expect(await listKeys(memory)).toEqual([])
  })

  test('partial: a put reads some and leaves nothing, a get gives some, a delete removes half', async () => {
    const memory = await twoBlobs()
    const backend = faultyBackend(memory, { failAt: 1, times: Number.POSITIVE_INFINITY, mode: 'partial' })
    await expect(put(backend, parseBlobKey('third'))).rejects.toMatchObject({ code: 'BackendUnavailable' })
    expect(await listKeys(memory)).toEqual([FIRST, SECOND])
    await expect(listKeys(backend)).rejects.toMatchObject({ code: 'BackendUnavailable' })
    let size = 0
    const stream = await backend.get(FIRST, {})
    stream.on('data', (chunk: Uint8Array) => (size += chunk.length))
    await expect(new Promise((_, reject) => stream.once('error', reject))).rejects.toMatchObject({ code: 'BackendUnavailable' })
    expect(size).toBe(500)
    await expect(backend.delete([FIRST, SECOND])).rejects.toMatchObject({ code: 'BackendUnavailable' })
    expect(await listKeys(memory)).toEqual([SECOND])
  })

  test('hang: until the caller aborts, or the backend is closed', async () => {
    const backend = faultyBackend(memoryBackend(), { failAt: 1, times: 2, mode: 'hang' })
    const controller = new AbortController()
    const aborted = put(backend, FIRST, { signal: controller.signal })
    const closed = put(backend, SECOND)
    const reason = new Error('enough')
    controller.abort(reason)
    await expect(aborted).rejects.toBe(reason)
    await backend.close()
    await expect(closed).rejects.toMatchObject({ code: 'BackendUnavailable' })
  })

  test('facets fail too, and what the inner one has not is not there', async () => {
    const memory = await twoBlobs()
    const backend = faultyBackend(memory, { failAt: 1, times: 2, mode: 'after' })
    await expect(backend.copying?.copy(FIRST, parseBlobKey('copy'))).rejects.toMatchObject({ details: { operation: 'copy' } })
    expect((await getBytes(memory, parseBlobKey('copy'))).length).toBe(1_000)
    const join = backend.joining?.join(parseBlobKey('joined'), [FIRST, SECOND], { temporary: async () => parseBlobKey('temporary') })
    await expect(join).rejects.toMatchObject({ details: { operation: 'join' } })
    expect((await getBytes(memory, parseBlobKey('joined'))).length).toBe(2_000)
    expect(faultyBackend(without(memory, 'joining')).joining).toBeUndefined()
  })

  test('the error can be chosen', async () => {
    const backend = faultyBackend(memoryBackend(), { failAt: 1, error: (operation) => new Error(`no ${operation} today`) })
    await expect(put(backend, FIRST)).rejects.toThrow('no put today')
  })
})
