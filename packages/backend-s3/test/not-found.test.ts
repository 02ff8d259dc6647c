import type { UpstreamFault } from '@stowage/conformance'
import type { Backend } from '@stowage/core/backend'
import { parseBlobKey } from '@stowage/core/backend'
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { answers, bytesOf, failureOf, KEY, leftOvers, readBlob, sourceOf, startFaultyStore } from './support/faulty-store.ts'

vi.setConfig({ testTimeout: 60_000 })
const store = await startFaultyStore()
afterEach(() => {
  store.upstream.heal()
  store.upstream.forget()
})
afterAll(() => store.stop())

const BYTES = bytesOf(1_000)
const OTHER = parseBlobKey('other')

/** Each call that can be about an object that is not there. */
const CALLS: Readonly<Record<string, (backend: Backend) => Promise<unknown>>> = {
  get: (backend) => readBlob(backend),
  'get of a range': (backend) => readBlob(backend, { start: 1, end: 5 }),
  'get of an empty range': (backend) => readBlob(backend, { start: 3, end: 3 }),
  copy: (backend) => backend.copying?.copy(KEY, OTHER) ?? Promise.resolve(),
  'delete of one': (backend) => backend.delete([KEY]),
  'delete of two': (backend) => backend.delete([KEY, OTHER]),
}

describe('a bucket that is not there', () => {
  test.each(Object.entries(CALLS))('%s says so', async (_name, call) => {
    const failure = await failureOf(call(store.faulty({ bucket: 'nowhere' })))
    expect(failure).toMatchObject({ code: 'BackendUnavailable', retryable: false })
    expect(failure?.message).toMatch(/the bucket is not there \(\w+: NoSuchBucket\)/)
  })

  test('put says so', async () => {
    const failure = await failureOf(store.faulty({ bucket: 'nowhere' }).put(KEY, sourceOf(BYTES), {}))
    expect(failure?.message).toMatch(/the bucket is not there/)
  })
})

/** What stands between us and the service has 404s of its own. */
const STRANGERS: Readonly<Record<string, UpstreamFault>> = {
  'a page': {
    kind: 'answer',
    answer: { status: 404, headers: { 'content-type': 'text/html' }, body: '<html><body><h1>404 Not Found</h1></body></html>' },
  },
  'a page that is no XML': {
    kind: 'answer',
    answer: { status: 404, headers: { 'content-type': 'text/html' }, body: '<!doctype html><p>404 page <br> not found' },
  },
  'a line of text': { kind: 'answer', answer: { status: 404, headers: { 'content-type': 'text/plain' }, body: '404 page not found\n' } },
  nothing: { kind: 'answer', answer: { status: 404 } },
  'a word of its own': answers(404, 'NoSuchRoute'),
}

describe.each(Object.entries(STRANGERS))('a 404 of somebody else, with %s', (_name, fault) => {
  let backend: Backend
  beforeEach(async () => {
    backend = store.faulty({ attemptsMax: 2 })
    await backend.put(KEY, sourceOf(BYTES), {})
  })

  test.each(Object.entries(CALLS))('%s: does not say that the blob is missing', async (_call, call) => {
    store.upstream.add({ times: Infinity, fault })
    const failure = await failureOf(call(backend))
    expect(failure).toMatchObject({ code: 'BackendUnavailable', retryable: true })
    expect(failure?.message).toMatch(/404/)
    store.upstream.heal()
    expect((await leftOvers(backend)).keys).toEqual([KEY])
  })
})

describe('an object that is not there', () => {
  test.each(Object.entries(CALLS).filter(([name]) => !name.startsWith('delete')))('%s says so', async (_name, call) => {
    expect(await failureOf(call(store.faulty()))).toMatchObject({ code: 'BlobNotFound' })
  })

  test.each([answers(404, 'NoSuchKey'), STRANGERS['nothing']])('is deleted, whatever a service says of it', async (fault) => {
    const backend = store.faulty()
    if (fault === undefined) throw new Error('no fault')
    store.upstream.add({ method: 'DELETE', fault })
    await backend.delete([KEY])
  })
})

test('an empty object, too, is one that a GET finds', async () => {
  const backend = store.faulty()
  await backend.put(KEY, sourceOf(bytesOf(0)), {})
  store.upstream.add({ method: 'HEAD', times: Infinity, fault: { kind: 'answer', answer: { status: 404 } } })
  expect(await failureOf(readBlob(backend, { start: 0, end: 0 }))).toMatchObject({
    code: 'BackendUnavailable',
    retryable: true,
    message: expect.stringMatching(/404/),
  })
})

test('a HEAD that finds nothing where a GET finds the object decides nothing', async () => {
  const backend = store.faulty()
  await backend.put(KEY, sourceOf(BYTES), {})
  store.upstream.add({ method: 'HEAD', times: Infinity, fault: { kind: 'answer', answer: { status: 404 } } })
  expect(await failureOf(readBlob(backend, { start: 3, end: 3 }))).toMatchObject({ code: 'BackendUnavailable', retryable: true })
})
