import { crc32c, parseBlobKey } from '@stowage/core/backend'
import type { Backend, ByteSource } from '@stowage/core/backend'
import { describe, expect, test } from 'vitest'
import { openOn } from '../test/support/open-on.ts'
import type { Opened } from '../test/support/open-on.ts'
import { refusal, resource } from '../test/support/scripted-server.ts'
import type { Received, Reply, Script } from '../test/support/scripted-server.ts'
import { formatCrc32c } from './object-facts.ts'

const KIB = 1024
const CHUNK = 256 * KIB
const key = parseBlobKey('x1')
const BYTES = Buffer.from(Array.from({ length: 2 * CHUNK + 100 }, (_, index) => (index * 31) % 251))
const WHOLE = resource({ size: BYTES.length, crc32c: formatCrc32c(crc32c(BYTES)) })
const SMALL = BYTES.subarray(0, 1000)
const SMALL_WHOLE = resource({ size: 1000, crc32c: formatCrc32c(crc32c(SMALL)) })
const GONE = refusal(404, 'notFound', 'No such object: blobs/x1')
const EXISTS = refusal(412, 'conditionNotMet', 'At least one of the pre-conditions you specified did not hold.')
const BUSY = refusal(503, 'backendError', 'Backend Error')

async function open(script: Script | ((received: Received, number: number) => Reply)): Promise<Opened> {
  const opened = await openOn(script, { chunkSize: CHUNK, resumableThreshold: 1000 })
  return opened
}

async function* sourceOf(bytes: Uint8Array, size: number = 10_000): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += size) yield bytes.subarray(start, start + size)
}

function put(backend: Backend, bytes: Uint8Array, body: ByteSource = sourceOf(bytes)): Promise<unknown> {
  return backend.put(key, body, { size: bytes.length })
}

/** What opens a session; the service names itself by the address that the request was sent to. */
function session({ headers }: Received): Reply {
  return { headers: { location: `http://${headers.host}/upload/storage/v1/b/blobs/o?uploadType=resumable&upload_id=secret` } }
}

function incomplete(count: number): Reply {
  return { status: 308, headers: count === 0 ? {} : { range: `bytes=0-${count - 1}` } }
}

function rangesOf(received: readonly Received[]): readonly (string | undefined)[] {
  return received.filter(({ method }) => method === 'PUT').map(({ headers }) => headers['content-range'])
}

describe('a small blob', () => {
  test('goes in one request, only where there is none, with its CRC-32C', async () => {
    const { backend, received } = await open([SMALL_WHOLE])
    expect(await put(backend, SMALL)).toEqual({ size: 1000 })
    const [request, ...more] = received()
    expect(more).toEqual([])
    expect(request?.target).toContain('uploadType=multipart&ifGenerationMatch=0')
    const boundary = /boundary=(\w{64})$/.exec(request?.headers['content-type'] ?? '')?.[1]
    const parts = request?.body.toString('latin1').split(`--${boundary}`) ?? []
    expect(JSON.parse(parts[1]?.split('\r\n\r\n')[1] ?? '')).toMatchObject({ name: 'x1', crc32c: formatCrc32c(crc32c(SMALL)) })
    expect(parts[2]?.split('\r\n\r\n')[1]).toBe(`${SMALL.toString('latin1')}\r\n`)
    expect(parts[3]).toBe('--\r\n')
  })

  test.each([
    ['503', BUSY],
    ['a reset', { ending: 'reset' }],
    ['429', refusal(429, 'rateLimitExceeded', 'slow down')],
    ['a page of a proxy', { body: '<html>' }],
  ] as const)('is sent again after %s', async (_, failure) => {
    const { backend, received } = await open([failure, failure, SMALL_WHOLE])
    expect(await put(backend, SMALL)).toEqual({ size: 1000 })
    expect(received().map(({ body }) => body)).toEqual([received()[0]?.body, received()[0]?.body, received()[0]?.body])
  })

  test('whose answer was lost is found to be there', async () => {
    const { backend, received } = await open([{ ending: 'reset' }, EXISTS, SMALL_WHOLE])
    expect(await put(backend, SMALL)).toEqual({ size: 1000 })
    expect(received().map(({ method }) => method)).toEqual(['POST', 'POST', 'GET'])
  })

  test('is in conflict with one that was there before', async () => {
    const { backend, received } = await open([EXISTS])
    await expect(put(backend, SMALL)).rejects.toMatchObject({ code: 'Conflict', retryable: false })
    expect(received()).toHaveLength(1)
  })

  test('is in conflict with another one after an answer was lost', async () => {
    const { backend } = await open([{ ending: 'reset' }, EXISTS, resource({ size: 1000, crc32c: 'AAAAAA==' })])
    await expect(put(backend, SMALL)).rejects.toMatchObject({ code: 'Conflict' })
  })

  test('that was stored with other bytes is removed, and sent again', async () => {
    const { backend, received } = await open([resource({ size: 1000, crc32c: 'AAAAAA==', generation: '7' }), { status: 204 }, SMALL_WHOLE])
    expect(await put(backend, SMALL)).toEqual({ size: 1000 })
    expect(received()[1]).toMatchObject({ method: 'DELETE', target: '/storage/v1/b/blobs/o/x1?ifGenerationMatch=7' })
  })

  test.each([4, 8])('that was stored with other bytes is removed also where that is refused %i times, and sent again', async (times) => {
    let refused = 0
    const { backend, received } = await open(({ method }, number) => {
      if (method === 'DELETE') return (refused += 1) <= times ? BUSY : { status: 204 }
      return number === 0 ? resource({ size: 1000, crc32c: 'AAAAAA==', generation: '7' }) : SMALL_WHOLE
    })
    expect(await put(backend, SMALL)).toEqual({ size: 1000 })
    const removals = received().slice(1, -1)
    expect(removals).toHaveLength(times + 1)
    for (const { target } of removals) expect(target).toBe('/storage/v1/b/blobs/o/x1?ifGenerationMatch=7')
  })

  test('that was stored with other bytes is removed in the end, also where the put has failed', async () => {
    let refused = 0
    const { backend, received } = await open(({ method }) => {
      // As often as the put tries it: four times in each of four attempts.
      if (method === 'DELETE') return (refused += 1) <= 16 ? BUSY : { status: 204 }
      return method === 'POST' ? resource({ size: 1000, crc32c: 'AAAAAA==', generation: '7' }) : GONE
    })
    await expect(put(backend, SMALL)).rejects.toMatchObject({ code: 'BackendUnavailable', retryable: true })
    await backend.close()
    expect(refused).toBe(17)
    expect(received().filter(({ method }) => method === 'POST')).toHaveLength(1)
  })

  test('fails when the service stays ill, and nothing stays behind', async () => {
    const { backend, received } = await open((request, number) =>
      number < 4 ? BUSY : request.method === 'GET' ? SMALL_WHOLE : { status: 204 },
    )
    await expect(put(backend, SMALL)).rejects.toMatchObject({ code: 'BackendUnavailable', retryable: true })
    await backend.close()
    expect(received().map(({ method }) => method)).toEqual(['POST', 'POST', 'POST', 'POST', 'GET', 'DELETE'])
  })

  test('is not sent again where that would not help', async () => {
    const { backend, received } = await open([refusal(403, 'forbidden', 'no')])
    await expect(put(backend, SMALL)).rejects.toMatchObject({ code: 'BackendUnavailable', retryable: false })
    expect(received()).toHaveLength(1)
  })
})

describe('a large blob', () => {
  const STEPS: Script = [session, incomplete(CHUNK), incomplete(2 * CHUNK), WHOLE]

  test('goes in chunks through a session, the last with its CRC-32C', async () => {
    const { backend, received } = await open(STEPS)
    expect(await put(backend, BYTES)).toEqual({ size: BYTES.length })
    const last = 2 * CHUNK
    expect(rangesOf(received())).toEqual([
      `bytes 0-${CHUNK - 1}/*`,
      `bytes ${CHUNK}-${last - 1}/*`,
      `bytes ${last}-${last + 99}/${last + 100}`,
    ])
    expect(
      Buffer.concat(
        received()
          .slice(1)
          .map(({ body }) => body),
      ),
    ).toEqual(BYTES)
    expect(received().map(({ headers }) => headers['x-goog-hash'])).toEqual([
      undefined,
      undefined,
      undefined,
      `crc32c=${formatCrc32c(crc32c(BYTES))}`,
    ])
    expect(received()[0]?.target).toContain('ifGenerationMatch=0')
  })

  test('whose chunk was taken in part is sent on from there', async () => {
    const { backend, received } = await open([session, incomplete(1_000), incomplete(CHUNK), incomplete(2 * CHUNK), WHOLE])
    await put(backend, BYTES)
    expect(rangesOf(received()).slice(0, 2)).toEqual([`bytes 0-${CHUNK - 1}/*`, `bytes 1000-${CHUNK - 1}/*`])
    expect(received()[2]?.body).toEqual(BYTES.subarray(1_000, CHUNK))
  })

  test.each([
    ['503', BUSY],
    ['a reset', { ending: 'reset' }],
  ] as const)('asks how far it is after %s', async (_, failure) => {
    const { backend, received } = await open([session, incomplete(CHUNK), failure, incomplete(CHUNK + 500), incomplete(2 * CHUNK), WHOLE])
    await put(backend, BYTES)
    expect(rangesOf(received()).slice(1, 4)).toEqual([
      `bytes ${CHUNK}-${2 * CHUNK - 1}/*`,
      'bytes */*',
      `bytes ${CHUNK + 500}-${2 * CHUNK - 1}/*`,
    ])
    expect(received()[4]?.body).toEqual(BYTES.subarray(CHUNK + 500, 2 * CHUNK))
  })

  test('whose last answer was lost is found to be there', async () => {
    const { backend, received } = await open([session, incomplete(CHUNK), incomplete(2 * CHUNK), { ending: 'reset' }, WHOLE])
    expect(await put(backend, BYTES)).toEqual({ size: BYTES.length })
    expect(rangesOf(received()).at(-1)).toBe('bytes */*')
  })

  test('whose last answer and session were lost is found to be there', async () => {
    const { backend } = await open([
      session,
      incomplete(CHUNK),
      incomplete(2 * CHUNK),
      { ending: 'reset' },
      refusal(410, '', 'Gone'),
      WHOLE,
    ])
    expect(await put(backend, BYTES)).toEqual({ size: BYTES.length })
  })

  test('whose session was lost fails, and may be begun anew', async () => {
    const { backend } = await open([session, incomplete(CHUNK), BUSY, refusal(404, '', 'Not Found'), GONE])
    await expect(put(backend, BYTES)).rejects.toMatchObject({
      code: 'BackendUnavailable',
      retryable: true,
      message: expect.not.stringContaining('secret'),
    })
  })

  test('whose session has lost its bytes fails', async () => {
    const { backend } = await open([session, incomplete(CHUNK), BUSY, incomplete(0), GONE])
    await expect(put(backend, BYTES)).rejects.toMatchObject({ code: 'BackendUnavailable', retryable: true })
  })

  test('that a service takes for finished before its end is removed', async () => {
    const half = resource({ size: CHUNK, crc32c: 'AAAAAA==', generation: '5' })
    const { backend, received } = await open([session, incomplete(CHUNK), BUSY, half, { status: 204 }])
    await expect(put(backend, BYTES)).rejects.toMatchObject({ code: 'BackendUnavailable', retryable: true })
    expect(received()[4]).toMatchObject({ method: 'DELETE', target: '/storage/v1/b/blobs/o/x1?ifGenerationMatch=5' })
  })

  test('of a service that takes nothing fails in the end', async () => {
    const { backend } = await open([session, incomplete(0)])
    await expect(put(backend, BYTES)).rejects.toMatchObject({ code: 'BackendUnavailable' })
  })

  test('that was stored with other bytes is removed, and the put fails', async () => {
    const wrong = resource({ size: BYTES.length, crc32c: 'AAAAAA==', generation: '9' })
    const { backend, received } = await open([session, incomplete(CHUNK), incomplete(2 * CHUNK), wrong, { status: 204 }, GONE])
    await expect(put(backend, BYTES)).rejects.toMatchObject({ code: 'BackendUnavailable', retryable: true })
    expect(received()[4]).toMatchObject({ method: 'DELETE', target: '/storage/v1/b/blobs/o/x1?ifGenerationMatch=9' })
  })

  test('that was stored with other bytes is removed also where that is refused at first', async () => {
    let refused = 0
    const wrong = resource({ size: BYTES.length, crc32c: 'AAAAAA==', generation: '9' })
    const { backend } = await open((request, number) => {
      if (request.target.endsWith('?ifGenerationMatch=9')) return (refused += 1) <= 4 ? BUSY : { status: 204 }
      return request.method !== 'POST' && request.method !== 'PUT'
        ? GONE
        : ([session(request), incomplete(CHUNK), incomplete(2 * CHUNK)][number] ?? wrong)
    })
    await expect(put(backend, BYTES)).rejects.toMatchObject({
      code: 'BackendUnavailable',
      retryable: true,
      message: expect.stringMatching(/CRC32C/),
    })
    await backend.close()
    expect(refused).toBe(5)
  })

  test.each([-1, 1])('of %i bytes more than promised is never finished, and its session is cancelled', async (difference) => {
    const { backend, received } = await open([session, incomplete(CHUNK), incomplete(2 * CHUNK), { status: 499 }])
    const failed = backend.put(key, sourceOf(BYTES), { size: BYTES.length + difference })
    await expect(failed).rejects.toMatchObject({ code: 'IncompleteBody' })
    await backend.close()
    expect(rangesOf(received()).filter((range) => range?.endsWith('/*') !== true)).toEqual([])
    expect(received().at(-1)).toMatchObject({ method: 'DELETE', target: expect.stringContaining('upload_id=secret') })
  })

  test('stops its body when a chunk cannot be sent, though the body is silent', async () => {
    const { backend } = await open([session, refusal(403, 'forbidden', 'no'), { status: 499 }])
    let isStopped = false
    const source = sourceOf(BYTES.subarray(0, CHUNK + 1), CHUNK + 1)
    const silent: ByteSource = {
      [Symbol.asyncIterator]: () => ({
        next: async () => {
          const step = await source.next()
          return step.done === true ? new Promise<never>(() => undefined) : step
        },
        return: async () => {
          isStopped = true
          return { done: true, value: undefined }
        },
      }),
    }
    await expect(backend.put(key, silent, {})).rejects.toMatchObject({ code: 'BackendUnavailable', retryable: false })
    expect(isStopped).toBe(true)
  })

  test('gives each chunk of its body back', async () => {
    const { backend } = await open(STEPS)
    const lent = new Set<Uint8Array>()
    const body: ByteSource = {
      async *[Symbol.asyncIterator]() {
        for await (const chunk of sourceOf(BYTES)) {
          lent.add(chunk)
          yield chunk
        }
      },
      releaseChunk: (chunk) => void lent.delete(chunk),
    }
    await put(backend, BYTES, body)
    expect(lent.size).toBe(0)
  })
})
