import type { UpstreamFault } from '@stowage/conformance'
import { parseBlobKey } from '@stowage/core/backend'
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest'
import { bytesOf, failureOf, KEY, leftOvers, readBlob, sourceOf, startFaultyStore } from './support/faulty-store.ts'

vi.setConfig({ testTimeout: 60_000 })
const store = await startFaultyStore()
afterEach(() => {
  store.upstream.heal()
  store.upstream.forget()
})
afterAll(() => store.stop())

const SMALL = bytesOf(2_000)
const LARGE = bytesOf(5_600_000)
const PART = bytesOf(5 * 1024 ** 2)
const OTHER = parseBlobKey('other')
const PAGE = '<html><head><title>Welcome</title></head><body><p>It works!</p></body></html>'
const INCOMPLETE = { code: 'BackendUnavailable', retryable: true, message: expect.stringMatching(/left out what an answer has to say/) }
const temporary = () => Promise.reject(new Error('no name is needed'))

/** What is no S3, and says 200 to everything. */
const stranger = (executed = false): UpstreamFault => ({
  kind: 'answer',
  executed,
  answer: { status: 200, headers: { 'content-type': 'text/html' }, body: PAGE },
})

describe('a 200 of something that is not S3', () => {
  const puts = [
    ['PutObject', SMALL, { method: 'PUT' }, {}],
    ['PutObject with Content-MD5', SMALL, { method: 'PUT' }, { checksum: 'md5' }],
    ['UploadPart', LARGE, { method: 'PUT', query: /partNumber=2/ }, {}],
    ['CompleteMultipartUpload', LARGE, { method: 'POST', query: /^uploadId=/ }, {}],
  ] as const

  test.each(puts)('%s: is no success, and leaves nothing', async (_name, bytes, rule, options) => {
    const backend = store.faulty(options)
    store.upstream.add({ ...rule, times: Infinity, fault: stranger() })
    expect(await failureOf(backend.put(KEY, sourceOf(bytes), { size: bytes.length }))).toMatchObject(INCOMPLETE)
    expect(await leftOvers(backend)).toEqual({ keys: [], uploads: 0 })
  })

  test.each(puts.filter(([name]) => name !== 'UploadPart'))(
    '%s: in place of the answer, it is asked what became of it',
    async (_name, bytes, rule, options) => {
      const backend = store.faulty(options)
      store.upstream.add({ ...rule, fault: stranger(true) })
      await backend.put(KEY, sourceOf(bytes), { size: bytes.length })
      expect((await readBlob(backend)).equals(bytes)).toBe(true)
    },
  )

  test.each([SMALL, Buffer.from(PAGE.slice(0, -1)), Buffer.from(PAGE)])('says it to every question: nothing is believed', async (bytes) => {
    const backend = store.faulty()
    store.upstream.add({ times: Infinity, fault: stranger() })
    expect(await failureOf(backend.put(KEY, sourceOf(bytes), {}))).toMatchObject(INCOMPLETE)
    expect(await failureOf(readBlob(backend))).toMatchObject(INCOMPLETE)
    expect(await failureOf(backend.copying?.copy(KEY, OTHER) ?? Promise.resolve())).toMatchObject(INCOMPLETE)
  })

  test('says nothing of the service: the next bytes still go up with their CRC-32', async () => {
    const backend = store.faulty()
    store.upstream.add({ method: 'PUT', fault: stranger() })
    expect(await failureOf(backend.put(KEY, sourceOf(SMALL), {}))).toMatchObject(INCOMPLETE)
    await backend.put(KEY, sourceOf(SMALL), {})
    await backend.put(KEY, sourceOf(LARGE), {})
    const sent = store.upstream.requests.filter(({ method }) => method === 'PUT')
    expect(sent.map(({ headers }) => [headers['x-amz-checksum-crc32'] !== undefined, headers['content-md5']])).toEqual(
      Array.from({ length: 4 }, () => [true, undefined]),
    )
  })

  test.each([false, true])('CopyObject, executed: %s', async (executed) => {
    const backend = store.faulty()
    await backend.put(KEY, sourceOf(SMALL), {})
    store.upstream.add({ method: 'PUT', query: 'x-id=CopyObject', times: Infinity, fault: stranger(executed) })
    const failure = await failureOf(backend.copying?.copy(KEY, OTHER) ?? Promise.resolve())
    if (executed) expect(failure).toBe(null)
    else expect(failure).toMatchObject(INCOMPLETE)
    expect((await leftOvers(backend)).keys).toEqual(executed ? [KEY, OTHER] : [KEY])
  })

  test('a join is not taken for done because a page says 200 where its object should be', async () => {
    const backend = store.faulty()
    await backend.put(KEY, sourceOf(PART), {})
    store.upstream.add({ method: 'POST', query: /^uploadId=/, times: Infinity, fault: stranger() })
    store.upstream.add({ method: 'HEAD', times: Infinity, fault: stranger() })
    const joined = backend.joining?.join(OTHER, [KEY, KEY], { temporary })
    expect(await failureOf(joined ?? Promise.resolve())).toMatchObject(INCOMPLETE)
    store.upstream.heal()
    expect(await leftOvers(backend)).toEqual({ keys: [KEY], uploads: 0 })
  })
})
