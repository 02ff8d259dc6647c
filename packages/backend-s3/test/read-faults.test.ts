import type { UpstreamFault } from '@stowage/conformance'
import type { Backend } from '@stowage/core/backend'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { answers, bytesOf, failureOf, KEY, leftOvers, readBlob, sourceOf, startFaultyStore } from './support/faulty-store.ts'

// Time-outs are waited for, and pauses between attempts.
vi.setConfig({ testTimeout: 60_000 })
const store = await startFaultyStore()
const BYTES = bytesOf(3_000_000)
let backend: Backend

beforeAll(async () => {
  backend = store.faulty()
  await backend.put(KEY, sourceOf(BYTES), { size: BYTES.length })
})
afterEach(() => {
  store.upstream.heal()
  store.upstream.forget()
})
afterAll(() => store.stop())

const on = (fault: UpstreamFault, times = 1): void => store.upstream.add({ method: 'GET', path: /ns\.blob$/, times, fault })
const RANGE = { start: 1_000_001, end: 2_900_000 }

/** What a read can recover from, since it knows how far it came. */
const FAULTS: Readonly<Record<string, UpstreamFault>> = {
  'reset before the request': { kind: 'reset', when: 'before-request' },
  'reset before the answer': { kind: 'reset', when: 'before-answer' },
  'reset after the head': { kind: 'reset', when: 'after-head' },
  'reset in the answer': { kind: 'reset', when: 'in-answer', afterBytes: 700_001 },
  'answer that closes early': { kind: 'close', afterBytes: 700_001 },
  'answer that stalls': { kind: 'stall', afterBytes: 700_001 },
  '500': answers(500, 'InternalError'),
  '503 SlowDown': answers(503, 'SlowDown'),
  'no answer': { kind: 'hang', executed: true },
  'slow answer': { kind: 'slow', what: 'answer', chunkSize: 300_000, pauseMs: 20 },
}

describe('get', () => {
  test.each(Object.entries(FAULTS))('%s: everything comes all the same', async (_name, fault) => {
    on(fault)
    expect((await readBlob(backend)).equals(BYTES)).toBe(true)
    on(fault)
    expect((await readBlob(backend, RANGE)).equals(BYTES.subarray(RANGE.start, RANGE.end))).toBe(true)
  })

  test('every answer breaks off after some bytes, and the next goes on from there', async () => {
    on({ kind: 'reset', when: 'in-answer', afterBytes: 400_000 }, Infinity)
    expect((await readBlob(backend)).equals(BYTES)).toBe(true)
    const gets = store.upstream.requests.filter(({ method }) => method === 'GET')
    expect(gets.length).toBeGreaterThan(5)
  })

  test('no byte comes any more: it ends with an error, after a bounded number of requests', async () => {
    on({ kind: 'reset', when: 'after-head' }, Infinity)
    expect(await failureOf(readBlob(backend))).toMatchObject({ code: 'BackendUnavailable', retryable: true })
    expect(store.upstream.requests).toHaveLength(3)
  })

  test('an answer that is short, and says so, is no blob', async () => {
    on({ kind: 'shorten', bytes: 5 }, Infinity)
    expect(await failureOf(readBlob(backend))).toMatchObject({ code: 'BlobDamaged' })
    expect(await failureOf(readBlob(backend, RANGE))).toMatchObject({ code: 'BackendUnavailable' })
  })

  test('a bit that falls over is noticed where all of a blob is read', async () => {
    on({ kind: 'corrupt', what: 'answer', at: 2_000_000 })
    expect(await failureOf(readBlob(backend))).toMatchObject({ code: 'BlobDamaged' })
  })

  test('a bit that falls over is noticed, too, where the read was taken up again', async () => {
    on({ kind: 'reset', when: 'in-answer', afterBytes: 400_000 })
    on({ kind: 'corrupt', what: 'answer', at: 0 }, 2)
    expect(await failureOf(readBlob(backend))).toMatchObject({ code: 'BlobDamaged' })
  })

  test('another object of the same name is not the rest of this one', async () => {
    const other = store.faulty()
    await other.put(KEY, sourceOf(BYTES), { size: BYTES.length })
    on({ kind: 'reset', when: 'in-answer', afterBytes: 300_000 })
    const stream = await other.get(KEY, {})
    await store.direct(other).put(KEY, sourceOf(bytesOf(3_000_001)), {})
    expect(await failureOf(stream.toArray())).toMatchObject({ code: 'BlobDamaged' })
  })

  test.each([3, 1])('a reader that is slower than connections last gets everything, attemptsMax %i', async (attemptsMax) => {
    const chunks: Uint8Array[] = []
    const impatient = store.faulty({ idleTimeoutSeconds: 1, attemptsMax })
    await impatient.put(KEY, sourceOf(BYTES), { size: BYTES.length })
    store.upstream.forget()
    for await (const chunk of await impatient.get(KEY, {})) {
      chunks.push(chunk)
      if (chunks.length <= 2) await new Promise((resolve) => setTimeout(resolve, 1_500))
    }
    expect(Buffer.concat(chunks).equals(BYTES)).toBe(true)
    expect(store.upstream.requests.length).toBeGreaterThan(1)
  })

  test.each([
    ['is shorter than it says', 'bytes 10-19/100', 5],
    ['is longer than it says', 'bytes 10-19/100', 15],
    ['begins elsewhere', 'bytes 11-20/100', 10],
    ['is longer than was asked for', 'bytes 10-24/100', 15],
    ['is shorter though there is more', 'bytes 10-14/100', 5],
  ])('an answer to a range that %s is not taken for it', async (_name, range, length) => {
    const answer = { status: 206, headers: { 'content-range': range, etag: '"0"' }, body: 'x'.repeat(length) }
    on({ kind: 'answer', answer }, Infinity)
    expect(await failureOf(readBlob(backend, { start: 10, end: 20 }))).toMatchObject({ code: 'BackendUnavailable' })
  })

  test.each([
    ['all of a blob', { start: 0, end: 10 }, 'bytes 0-9/10', {}, 'BlobDamaged'],
    ['the first bytes', { start: 0, end: 10 }, 'bytes 0-9/11', {}, null],
    ['bytes from its middle', { start: 1, end: 11 }, 'bytes 1-10/11', {}, null],
    ['all of a blob that was made of parts', { start: 0, end: 10 }, 'bytes 0-9/10', { 'x-amz-checksum-type': 'COMPOSITE' }, null],
  ])('a range that is %s is held against the sum of all bytes only where it is all of them', async (_name, range, said, more, code) => {
    const sum = { 'x-amz-checksum-crc32': 'AAAAAA==', 'x-amz-checksum-type': 'FULL_OBJECT', ...more }
    on({ kind: 'answer', answer: { status: 206, headers: { 'content-range': said, etag: '"0"', ...sum }, body: 'x'.repeat(10) } })
    expect((await failureOf(readBlob(backend, range)))?.code ?? null).toBe(code)
    expect(store.upstream.requests.map(({ headers }) => headers['x-amz-checksum-mode'])).toEqual([
      range.start === 0 ? 'ENABLED' : undefined,
    ])
  })

  test('a part of a blob is not taken for all of it', async () => {
    on(
      { kind: 'answer', answer: { status: 206, headers: { 'content-range': 'bytes 0-4/100', etag: '"0"' }, body: 'x'.repeat(5) } },
      Infinity,
    )
    expect(await failureOf(readBlob(backend))).toMatchObject({ code: 'BackendUnavailable' })
  })

  test('a range that a service takes no notice of is not taken for that range', async () => {
    on({ kind: 'answer', answer: { status: 200, headers: { etag: '"0"' }, body: 'everything' } })
    expect(await failureOf(readBlob(backend, RANGE))).toMatchObject({ code: 'BackendUnavailable' })
  })
})

describe('list', () => {
  test('a page that is cut in its middle is an error, never a shorter listing', async () => {
    const prefixed = store.faulty({ attemptsMax: 1 })
    await prefixed.put(KEY, sourceOf(bytesOf(10)), {})
    for (const bytes of [1, 30, 200]) {
      store.upstream.add({ method: 'GET', query: /list-type=2/, fault: { kind: 'shorten', bytes } })
      expect(await failureOf(listAll(prefixed)), `${bytes} bytes less`).toMatchObject({ code: 'BackendUnavailable' })
      store.upstream.heal()
    }
    expect(await listAll(prefixed)).toEqual([KEY])
  })

  test('a page that leads to itself is an error', async () => {
    store.upstream.add({ method: 'GET', query: /list-type=2/, times: Infinity, fault: emptyPage('t') })
    expect(await failureOf(listAll(backend))).toMatchObject({ code: 'BackendUnavailable', retryable: true })
    expect(store.upstream.requests).toHaveLength(2)
  })

  test('pages that go round without an object are an error', async () => {
    const rule = { method: 'GET', query: /list-type=2/ } as const
    for (let nth = 1; nth < 1_100; nth += 1) store.upstream.add({ ...rule, nth, fault: emptyPage(`t${nth % 3}`) })
    expect(await failureOf(listAll(backend))).toMatchObject({ code: 'BackendUnavailable', retryable: true })
    expect(store.upstream.requests).toHaveLength(1_000)
  })

  test.each([3, 100])('pages of others that go round, %i of them, are an error', async (length) => {
    const rule = { method: 'GET', query: /list-type=2/ } as const
    for (let nth = 1; nth < 1_100; nth += 1) {
      store.upstream.add({ ...rule, nth, fault: pageOf([entry(`not/ours${nth % length}`)], more(`t${nth % length}`)) })
    }
    expect(await failureOf(listAll(store.faulty({ prefix: '' })))).toMatchObject({ code: 'BackendUnavailable', retryable: true })
    expect(store.upstream.requests.length).toBeLessThan(4 * length)
  })

  test('pages of others that get on are passed over', async () => {
    const rule = { method: 'GET', query: /list-type=2/ } as const
    for (let nth = 1; nth <= 20; nth += 1) store.upstream.add({ ...rule, nth, fault: pageOf([entry(`a/${nth}`)], more(`t${nth}`)) })
    store.upstream.add({ ...rule, nth: 21, fault: pageOf([entry('blob')], '<IsTruncated>false</IsTruncated>') })
    expect(await listAll(store.faulty({ prefix: '' }))).toEqual(['blob'])
  })

  test.each([
    ['a size', entry('blob').replace(/<Size>.*<\/Size>/, '')],
    ['a time', entry('blob').replace(/<LastModified>.*<\/LastModified>/, '')],
    ['a name', entry('blob').replace(/<Key>.*<\/Key>/, '')],
  ])('a blob without %s is no blob that is not there', async (_name, object) => {
    store.upstream.add({ method: 'GET', query: /list-type=2/, fault: pageOf([object], '<IsTruncated>false</IsTruncated>') })
    expect(await failureOf(listAll(store.faulty({ prefix: '' })))).toMatchObject({ code: 'BackendUnavailable', retryable: true })
  })

  test('a page that says where the next one begins, and not whether there is one, is not the last', async () => {
    const fault = pageOf([entry('blob')], '<NextContinuationToken>t</NextContinuationToken>')
    store.upstream.add({ method: 'GET', query: /list-type=2/, fault })
    expect(await failureOf(listAll(store.faulty({ prefix: '' })))).toMatchObject({ code: 'BackendUnavailable', retryable: true })
  })

  test('so is a page of uploads that leads to itself', async () => {
    const body = `<ListMultipartUploadsResult><Bucket>blobs</Bucket><IsTruncated>true</IsTruncated><NextKeyMarker>k</NextKeyMarker><NextUploadIdMarker>u</NextUploadIdMarker></ListMultipartUploadsResult>`
    store.upstream.add({
      method: 'GET',
      query: /(?:^|&)uploads/,
      times: Infinity,
      fault: { kind: 'answer', answer: { status: 200, body } },
    })
    expect(await failureOf(leftOvers(store.faulty()))).toMatchObject({ code: 'BackendUnavailable' })
  })

  test('so is one without anything in it', async () => {
    store.upstream.add({ method: 'GET', query: /list-type=2/, times: Infinity, fault: { kind: 'answer', answer: { status: 200 } } })
    expect(await failureOf(listAll(backend))).toMatchObject({ code: 'BackendUnavailable' })
  })
})

/** A page of a listing. */
function pageOf(objects: readonly string[], end: string): UpstreamFault {
  const body = `<ListBucketResult><Name>blobs</Name><KeyCount>${objects.length}</KeyCount>${objects.join('')}${end}</ListBucketResult>`
  return { kind: 'answer', answer: { status: 200, body } }
}

function entry(name: string): string {
  return `<Contents><Key>${name}</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified><ETag>"0"</ETag><Size>1</Size></Contents>`
}

function more(token: string): string {
  return `<IsTruncated>true</IsTruncated><NextContinuationToken>${token}</NextContinuationToken>`
}

function emptyPage(next: string): UpstreamFault {
  return pageOf([], more(next))
}

async function listAll(from: Backend): Promise<readonly string[]> {
  const keys: string[] = []
  for await (const { key } of from.list({ prefix: '' })) keys.push(key)
  return keys
}
