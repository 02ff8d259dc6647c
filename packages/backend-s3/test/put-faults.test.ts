import type { UpstreamFault, UpstreamRule } from '@stowage/conformance'
import type { AnyStorageError, Backend } from '@stowage/core/backend'
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest'
import { abortUploads, answers, bytesOf, failureOf, KEY, leftOvers, readBlob, sourceOf, startFaultyStore } from './support/faulty-store.ts'

// Time-outs are waited for, and pauses between attempts.
vi.setConfig({ testTimeout: 120_000 })
const store = await startFaultyStore()
afterEach(() => store.upstream.heal())
afterAll(() => store.stop())

const SMALL = bytesOf(200_000)
const LARGE = bytesOf(5_600_000)

/** Each request of a write, and which bytes make the backend send it. */
const STAGES: Readonly<Record<string, { readonly bytes: Buffer; readonly rule: Omit<UpstreamRule, 'fault'> }>> = {
  PutObject: { bytes: SMALL, rule: { method: 'PUT', query: 'x-id=PutObject' } },
  CreateMultipartUpload: { bytes: LARGE, rule: { method: 'POST', query: /^uploads/ } },
  UploadPart: { bytes: LARGE, rule: { method: 'PUT', query: /partNumber=2/ } },
  CompleteMultipartUpload: { bytes: LARGE, rule: { method: 'POST', query: /^uploadId=/ } },
}

const FAULTS: Readonly<Record<string, UpstreamFault>> = {
  'reset before the request': { kind: 'reset', when: 'before-request' },
  'reset in the request': { kind: 'reset', when: 'in-request', afterBytes: 100 },
  'reset before the answer': { kind: 'reset', when: 'before-answer' },
  'reset after the head': { kind: 'reset', when: 'after-head' },
  'answer cut short': { kind: 'close', afterBytes: 10 },
  '500': answers(500, 'InternalError'),
  '500 though it was done': answers(500, 'InternalError', true),
  '503 SlowDown': answers(503, 'SlowDown'),
  'no answer': { kind: 'hang', executed: false },
  'no answer though it was done': { kind: 'hang', executed: true },
  'a bit of the request falls over': { kind: 'corrupt', what: 'request', at: 60 },
  'slow request': { kind: 'slow', what: 'request', chunkSize: 1_000_000, pauseMs: 20 },
}

/** Those that leave the write no choice, once they go on. What was refused in so many words was not done. */
const FINAL = /^(?:reset before the request|reset in the request|500|503 SlowDown|no answer|a bit of the request falls over)$/

for (const [stage, { bytes, rule }] of Object.entries(STAGES)) {
  const mayLeave = stage === 'CreateMultipartUpload'
  describe(stage, () => {
    for (const [name, fault] of Object.entries(FAULTS)) {
      test(`${name}, once: the blob is there whole, or nothing is`, async () => {
        const backend = store.faulty()
        store.upstream.add({ ...rule, fault })
        await checkWrite(backend, bytes, { failing: name.startsWith('a bit') ? null : false, mayLeave })
      })
    }

    test.each(['reset before the answer', 'reset in the request', '500', '503 SlowDown', 'no answer'])(
      '%s, again and again',
      async (name) => {
        const backend = store.faulty({ attemptsMax: 2 })
        const fault = FAULTS[name]
        if (fault === undefined) throw new Error(name)
        store.upstream.add({ ...rule, times: Infinity, fault })
        const failure = await checkWrite(backend, bytes, { failing: FINAL.test(name) ? true : null, mayLeave })
        if (failure === null) return
        expect(failure).toMatchObject({ code: 'BackendUnavailable', retryable: true })
        if (name === '503 SlowDown') expect(failure.details).toMatchObject({ throttled: true })
      },
    )
  })
}

describe('a 200 that carries an error', () => {
  const complete = { method: 'POST', query: /^uploadId=/ } as const

  test.each([false, true])('is no success, executed: %s', async (executed) => {
    const backend = store.faulty()
    store.upstream.add({ ...complete, times: Infinity, fault: answers(200, 'InternalError', executed) })
    // Carried out all the same: then the object is there, and that is what counts.
    await checkWrite(backend, LARGE, { failing: !executed })
  })

  test('nor is one without a body', async () => {
    const backend = store.faulty()
    store.upstream.add({ ...complete, times: Infinity, fault: { kind: 'answer', answer: { status: 200 } } })
    await checkWrite(backend, LARGE, { failing: true })
  })
})

test('expired credentials are said, are not tried again, and no secret is in the message', async () => {
  const backend = store.faulty()
  store.upstream.forget()
  store.upstream.add({ times: Infinity, fault: answers(403, 'ExpiredToken') })
  const failure = await failureOf(backend.put(KEY, sourceOf(SMALL), { size: SMALL.length }))
  expect(failure).toMatchObject({
    code: 'BackendUnavailable',
    retryable: false,
    message: expect.stringMatching(/credentials have expired/),
  })
  expect(failure?.message).not.toMatch(/AKEXAMPLE|secret/)
  expect(store.upstream.requests.map(({ method }) => method)).toEqual(['PUT', 'DELETE'])
})

test('a part that fails for good ends the reading of the body, and the upload', async () => {
  const backend = store.faulty({ concurrency: 1 })
  store.upstream.add({ method: 'PUT', query: /partNumber=1/, times: Infinity, fault: answers(403, 'AccessDenied') })
  let stopped = false
  async function* endless(): AsyncGenerator<Uint8Array> {
    try {
      for (;;) yield new Uint8Array(1_000_000)
    } finally {
      stopped = true
    }
  }
  const failure = await failureOf(backend.put(KEY, endless(), {}))
  expect(failure).toMatchObject({ code: 'BackendUnavailable', retryable: false })
  expect(stopped).toBe(true)
  store.upstream.heal()
  expect(await leftOvers(backend)).toEqual({ keys: [], uploads: 0 })
})

/** `failing`: whether it must fail; null where either will do. `mayLeave`: uploads that are listed, to be aborted by the collector. */
interface Expected {
  readonly failing: boolean | null
  readonly mayLeave?: boolean
}

/** Writes, and holds the outcome against what is then there. */
async function checkWrite(backend: Backend, bytes: Buffer, { failing, mayLeave = false }: Expected): Promise<AnyStorageError | null> {
  const failure = await failureOf(backend.put(KEY, sourceOf(bytes), { size: bytes.length }))
  store.upstream.heal()
  const direct = store.direct(backend)
  if (failing !== null)
    expect(failure === null ? 'done' : failure.message).toEqual(failing ? expect.stringMatching(/^S3 could not/) : 'done')
  // Of an upload whose name never arrived nobody can know, until it is listed.
  if (mayLeave) await abortUploads(direct)
  if (failure === null) expect((await readBlob(direct)).equals(bytes)).toBe(true)
  else expect(await failureOf(direct.get(KEY, {}))).toMatchObject({ code: 'BlobNotFound' })
  expect(await leftOvers(direct)).toEqual({ keys: failure === null ? [KEY] : [], uploads: 0 })
  return failure
}
