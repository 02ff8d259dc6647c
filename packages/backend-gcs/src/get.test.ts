import { setTimeout as wait } from 'node:timers/promises'
import { crc32c, parseBlobKey } from '@stowage/core/backend'
import type { ByteRange } from '@stowage/core/backend'
import { describe, expect, test } from 'vitest'
import { openOn } from '../test/support/open-on.ts'
import type { Opened } from '../test/support/open-on.ts'
import { refusal, resource } from '../test/support/scripted-server.ts'
import type { Received, Reply } from '../test/support/scripted-server.ts'
import { formatCrc32c } from './object-facts.ts'

const key = parseBlobKey('x1')
const BYTES = Buffer.from(Array.from({ length: 200_000 }, (_, index) => (index * 31) % 251))
const HASH = `crc32c=${formatCrc32c(crc32c(BYTES))},md5=AAAA`

async function read({ backend }: Opened, range?: ByteRange): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of await backend.get(key, range === undefined ? {} : { range })) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** The whole blob, or as many of its bytes as come before the end that the reply says. */
function whole(reply: Reply & { readonly bytes?: number } = {}): Reply {
  const headers = { 'content-length': String(BYTES.length), 'x-goog-generation': '7', 'x-goog-hash': HASH, ...reply.headers }
  return { ...reply, headers, body: BYTES.subarray(0, reply.bytes ?? BYTES.length) }
}

/** The range that was asked for, or as many of its bytes. */
function ranged(ending?: 'cut', bytes?: number): (received: Received) => Reply {
  return ({ headers }) => {
    const [, start = 0, last = 0] = /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? '')?.map(Number) ?? []
    const body = BYTES.subarray(start, last + 1)
    return {
      status: 206,
      headers: {
        'content-length': String(body.length),
        'content-range': `bytes ${start}-${last}/${BYTES.length}`,
        'x-goog-generation': '7',
        'x-goog-hash': HASH,
      },
      body: body.subarray(0, bytes ?? body.length),
      ...(ending === undefined ? {} : { ending }),
    }
  }
}

describe('get', () => {
  test('asks for the bytes as they are stored', async () => {
    const one = await openOn([whole()])
    expect(await read(one)).toEqual(BYTES)
    expect(one.received()[0]).toMatchObject({ target: '/storage/v1/b/blobs/o/x1?alt=media', headers: { 'accept-encoding': 'gzip' } })
    expect(one.received()[0]?.headers.range).toBeUndefined()
  })

  test('asks for a range as HTTP counts it', async () => {
    const one = await openOn([ranged()])
    expect(await read(one, { start: 10, end: 20 })).toEqual(BYTES.subarray(10, 20))
    expect(one.received()[0]?.headers.range).toBe('bytes=10-19')
  })

  test('goes on in the same generation where the connection broke', async () => {
    const one = await openOn([whole({ ending: 'cut', bytes: 70_000 }), ranged('cut', 1), refusal(503, '', 'busy'), ranged()])
    expect(await read(one)).toEqual(BYTES)
    const [, ...later] = one.received()
    const position = Number(/\d+/.exec(later[0]?.headers.range ?? '')?.[0])
    expect(position).toBeGreaterThan(0)
    expect(later.map(({ target }) => target)).toEqual(Array.from(later, () => '/storage/v1/b/blobs/o/x1?alt=media&generation=7'))
  })

  test('goes on in no other generation', async () => {
    const other = (received: Received): Reply => {
      const reply = ranged()(received)
      return { ...reply, headers: { ...reply.headers, 'x-goog-generation': '8' } }
    }
    const one = await openOn([whole({ ending: 'cut', bytes: 70_000 }), other, ranged()])
    expect(await read(one)).toEqual(BYTES)
    expect(one.received()).toHaveLength(3)
    await one.stop()
    const two = await openOn([whole({ ending: 'cut', bytes: 70_000, headers: { 'x-goog-hash': '' } }), other])
    await expect(read(two)).rejects.toMatchObject({ code: 'BackendUnavailable', retryable: true })
  })

  test('goes on where the service falls silent', async () => {
    const one = await openOn([whole({ ending: 'stall', bytes: 70_000 }), ranged()], { idleTimeoutSeconds: 0.2 })
    expect(await read(one)).toEqual(BYTES)
    expect(one.received()).toHaveLength(2)
  })

  test('a reader that pauses for long gives its connection up, and goes on where it was as often as it likes', async () => {
    const one = await openOn([whole(), ranged()], { idleTimeoutSeconds: 0.1, attemptsMax: 1 })
    const chunks: Uint8Array[] = []
    for await (const chunk of await one.backend.get(key, {})) {
      chunks.push(chunk)
      await wait(300)
    }
    expect(Buffer.concat(chunks)).toEqual(BYTES)
    const [, ...later] = one.received()
    expect(later.length).toBeGreaterThan(0)
    for (const { target } of later) expect(target).toBe('/storage/v1/b/blobs/o/x1?alt=media&generation=7')
  })

  test('a stream that nobody reads keeps nobody else from the last connection', async () => {
    const one = await openOn([whole(), {}, ranged()], { idleTimeoutSeconds: 0.6, connectionsMax: 1 })
    const stream = await one.backend.get(key, {})
    await wait(300)
    await one.backend.delete([key])
    const chunks: Uint8Array[] = []
    for await (const chunk of stream) chunks.push(chunk)
    expect(Buffer.concat(chunks)).toEqual(BYTES)
    expect(one.received().map(({ method }) => method)).toEqual(['GET', 'DELETE', 'GET'])
  })

  test('a reader that gave its connection up goes on also where all are taken for long', async () => {
    const taken: Reply = { body: JSON.stringify({ kind: 'storage#objects' }), ending: 'drip' }
    const one = await openOn([whole(), taken, ranged()], { idleTimeoutSeconds: 0.3, connectionsMax: 1 })
    const stream = await one.backend.get(key, {})
    await wait(600)
    const listed = one.backend.list({ prefix: '' })[Symbol.asyncIterator]().next()
    while (one.received().length < 2) await wait(1)
    const chunks: Uint8Array[] = []
    for await (const chunk of stream) chunks.push(chunk)
    expect(Buffer.concat(chunks)).toEqual(BYTES)
    expect(await listed).toMatchObject({ done: true })
    expect(one.received()).toHaveLength(3)
  })

  test('a connection that ends in a pause is no failure of the service', async () => {
    const one = await openOn([whole({ ending: 'cut', bytes: 0 }), ranged()], { attemptsMax: 1 })
    const stream = await one.backend.get(key, {})
    await wait(300)
    const chunks: Uint8Array[] = []
    for await (const chunk of stream) chunks.push(chunk)
    expect(Buffer.concat(chunks)).toEqual(BYTES)
  })

  test('gives up where it gets no further', async () => {
    const one = await openOn([whole({ ending: 'cut', bytes: 70_000 }), ranged('cut', 0)])
    await expect(read(one)).rejects.toMatchObject({ code: 'BackendUnavailable', retryable: true })
    expect(one.received()).toHaveLength(4)
  })

  test('errors where the blob is gone when it goes on', async () => {
    const one = await openOn([whole({ ending: 'cut', bytes: 70_000 }), refusal(404, 'notFound', 'No such object: blobs/x1')])
    await expect(read(one)).rejects.toMatchObject({ code: 'BlobNotFound' })
  })

  test('errors in place of the end where a byte is another one', async () => {
    const other = Buffer.from(BYTES)
    other[100_000] = 255
    const one = await openOn([{ ...whole(), body: other }])
    await expect(read(one)).rejects.toMatchObject({ code: 'BlobDamaged' })
  })

  test('holds a whole blob against its CRC-32C over a break, too', async () => {
    const one = await openOn([whole({ ending: 'cut', bytes: 70_000, headers: { 'x-goog-hash': 'crc32c=AAAAAA==' } }), ranged()])
    await expect(read(one)).rejects.toMatchObject({ code: 'BlobDamaged' })
  })

  test.each([
    ['416 with a size', { status: 416, headers: { 'content-range': `bytes */${BYTES.length}` } }],
    ['416 without', { status: 416 }],
    ['a shorter range', { status: 206, headers: { 'x-goog-generation': '7', 'content-range': 'bytes 0-199999/200000' }, body: BYTES }],
    ['the whole, which is shorter', whole()],
  ])('a range that ends after the blob is damage: %s', async (_, reply) => {
    const one = await openOn([reply])
    await expect(read(one, { start: 0, end: 200_001 })).rejects.toMatchObject({ code: 'BlobDamaged', retryable: false })
    expect(one.received()).toHaveLength(1)
  })

  test('the whole in answer to a range that is the whole is fine', async () => {
    const one = await openOn([whole()])
    expect(await read(one, { start: 0, end: BYTES.length })).toEqual(BYTES)
  })

  test.each([
    ['the whole for a part', whole(), { start: 10, end: 20 }],
    [
      'another part',
      { status: 206, headers: { 'x-goog-generation': '7', 'content-range': 'bytes 11-19/200000' }, body: BYTES.subarray(11, 20) },
      { start: 10, end: 20 },
    ],
    ['no word on which part', { status: 206, headers: { 'x-goog-generation': '7' }, body: BYTES.subarray(10, 20) }, { start: 10, end: 20 }],
    [
      'a part of the part',
      { status: 206, headers: { 'x-goog-generation': '7', 'content-range': 'bytes 10-19/200000' }, body: BYTES.subarray(10, 19) },
      { start: 10, end: 20 },
    ],
    ['a page of a proxy', { body: '<html>' }, undefined],
    ['a part for the whole', whole({ headers: { 'content-range': 'bytes 0-199999/200001' } }), undefined],
    ['fewer bytes than their range', whole({ headers: { 'content-range': 'bytes 0-200000/200001' } }), undefined],
    ['fewer bytes than are stored', whole({ headers: { 'x-goog-stored-content-length': '200001' } }), undefined],
    ['bytes that were packed on their way', whole({ headers: { 'content-encoding': 'gzip' } }), undefined],
  ] as const)('is not taken in by %s', async (_, reply, range) => {
    const one = await openOn([reply])
    await expect(read(one, range)).rejects.toMatchObject({ code: 'BackendUnavailable', retryable: true })
  })

  test('takes bytes that are stored as packed ones for what they are', async () => {
    const one = await openOn([whole({ headers: { 'content-encoding': 'gzip', 'x-goog-stored-content-encoding': 'gzip' } })])
    expect(await read(one)).toEqual(BYTES)
  })

  test('a missing blob and a missing bucket are two things', async () => {
    const one = await openOn([
      { status: 404, body: 'No such object: blobs/x1' },
      refusal(404, 'notFound', 'The specified bucket does not exist.'),
    ])
    await expect(read(one)).rejects.toMatchObject({ code: 'BlobNotFound' })
    await expect(read(one)).rejects.toMatchObject({ code: 'BackendUnavailable', retryable: false })
  })

  test('an empty blob is empty, however its range is written', async () => {
    const one = await openOn([{ headers: { 'x-goog-generation': '7', 'content-range': 'bytes 0--1/0' } }])
    expect(await read(one)).toEqual(Buffer.alloc(0))
  })

  test('an empty range asks for no bytes', async () => {
    const one = await openOn([resource({ size: 100, crc32c: 'AAAAAA==' })])
    expect(await read(one, { start: 100, end: 100 })).toEqual(Buffer.alloc(0))
    await expect(read(one, { start: 101, end: 101 })).rejects.toMatchObject({ code: 'BlobDamaged' })
  })

  test('an abort while the service says nothing rejects with its reason', async () => {
    const one = await openOn([{ ending: 'hang' }])
    const controller = new AbortController()
    const reason = new Error('enough')
    const reading = one.backend.get(key, { signal: controller.signal })
    while (one.received().length === 0) await wait(1)
    controller.abort(reason)
    await expect(reading).rejects.toBe(reason)
  })

  test('a service that says nothing is a time-out', async () => {
    const one = await openOn([{ ending: 'hang' }], { idleTimeoutSeconds: 0.05, attemptsMax: 2 })
    await expect(one.backend.get(key, {})).rejects.toMatchObject({ code: 'BackendUnavailable', retryable: true })
    expect(one.received()).toHaveLength(2)
  })

  test('what is destroyed breaks its connection', async () => {
    const one = await openOn([whole({ ending: 'stall', bytes: 1_000 })])
    const stream = await one.backend.get(key, {})
    stream.destroy()
    // The connection of `init` stays open for more; the one that was read from is gone.
    while ((await one.service.connections()) > 1) await wait(5)
    expect(await one.service.connections()).toBeLessThan(2)
  })
})
