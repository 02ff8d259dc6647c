import { Readable } from 'node:stream'
import { expect, test } from 'vitest'
import { bytesOf, readAll } from '../../test/engine-matrix.ts'
import { parseBlobKey } from '../backend/blob-key.ts'
import { memoryBackend } from '../backend/memory-backend.ts'
import type { Backend } from '../backend/backend.ts'
import { isLendingReadable } from '../backend/lending-readable.ts'
import type { Extent } from '../model/extent.ts'
import type { EngineContext } from './context.ts'
import { READ_AHEAD } from './read-ahead.ts'
import { readExtents, sliceExtents } from './read-extents.ts'

const FACTS = { crc32c: null, envelope: null }
const blobName = (index: number): ReturnType<typeof parseBlobKey> => parseBlobKey(`b${index}`)

/** An object of `lengths.length` extents, every third one inline, the others cut out of blobs with something around them. */
async function scattered(lengths: readonly number[], around = 7): Promise<{ backend: Backend; extents: Extent[]; bytes: Buffer }> {
  const backend = memoryBackend()
  const bytes = bytesOf(lengths.reduce((sum, length) => sum + length, 0))
  const extents: Extent[] = []
  let offset = 0
  for (const [index, length] of lengths.entries()) {
    const stretch = bytes.subarray(offset, offset + length)
    offset += length
    if (index % 3 === 2) extents.push({ ...FACTS, kind: 'inline', bytes: stretch, length })
    else {
      const stored = Buffer.concat([bytesOf(around, 99), stretch, bytesOf(around, 98)])
      await backend.put(blobName(index), Readable.from([stored]), {})
      extents.push({ ...FACTS, kind: 'blob', backendId: 'main', blob: blobName(index), storedOffset: around, storedLength: length, length })
    }
  }
  return { backend, extents, bytes }
}

/** As much of an engine as reading needs. */
function engineOf(backend: Backend): EngineContext {
  return { backend, backends: new Map([['main', backend]]) } as unknown as EngineContext
}

test('gives every stretch, whatever extents it touches', async () => {
  const { backend, extents, bytes } = await scattered([3, 1, 4, 1, 5, 9, 2, 6])
  for (let start = 0; start < bytes.length; start += 1) {
    for (let end = start + 1; end <= bytes.length; end += 1) {
      const stream = await readExtents(engineOf(backend), extents, { range: { start, end } })
      expect((await readAll(stream)).equals(bytes.subarray(start, end)), `${start}-${end}`).toBe(true)
    }
  }
  expect(await readAll(await readExtents(engineOf(backend), extents, { range: { start: 4, end: 4 } }))).toHaveLength(0)
})

test('reads large extents through a slow consumer, at most so many blobs open at once', async () => {
  const { backend, extents, bytes } = await scattered([700_000, 300_000, 5, 900_000, 1_000_000, 5, 600_000, 10, 5, 10, 10, 5, 10])
  let open = 0
  let openMax = 0
  const watched: Backend = Object.assign(Object.create(backend), {
    get: async (...call: Parameters<Backend['get']>) => {
      const stream = await backend.get(...call)
      open += 1
      openMax = Math.max(openMax, open)
      stream.once('close', () => (open -= 1))
      return stream
    },
  })
  const stream = await readExtents(engineOf(watched), extents, { range: { start: 10, end: bytes.length - 10 } })
  const chunks: Uint8Array[] = []
  for await (const chunk of stream) {
    chunks.push(chunk)
    await new Promise((resolve) => setImmediate(resolve))
  }
  expect(Buffer.concat(chunks).equals(bytes.subarray(10, -10))).toBe(true)
  expect(openMax).toBeGreaterThan(1)
  expect(openMax).toBeLessThanOrEqual(READ_AHEAD.openMax)
  expect(open).toBe(0)
})

test('a single stretch of a blob is the backend’s own stream', async () => {
  const { backend, extents, bytes } = await scattered([100, 100])
  const given = Readable.from([bytes.subarray(0, 50)])
  const own: Backend = Object.assign(Object.create(backend), { get: () => Promise.resolve(given) })
  expect(await readExtents(engineOf(own), extents, { range: { start: 0, end: 50 } })).toBe(given)
})

test('gives lent chunks back to the blob’s stream they came from', async () => {
  const { backend, extents, bytes } = await scattered([1000, 1000])
  const back: [number, Uint8Array][] = []
  const lent: Uint8Array[][] = [[], []]
  let opened = 0
  const lending: Backend = Object.assign(Object.create(backend), {
    get: async (...call: Parameters<Backend['get']>) => {
      const index = opened
      opened += 1
      const stream = await backend.get(...call)
      stream.on('data', (chunk: Uint8Array) => lent[index]?.push(chunk))
      stream.pause()
      return Object.assign(stream, { releaseChunk: (chunk: Uint8Array) => back.push([index, chunk]) })
    },
  })
  const stream = await readExtents(engineOf(lending), extents, { range: { start: 0, end: bytes.length } })
  if (!isLendingReadable(stream)) throw new Error('a stream over extents lends')
  for await (const chunk of stream) stream.releaseChunk(chunk as Uint8Array)
  expect(back).toEqual([
    [0, lent[0]?.[0]],
    [1, lent[1]?.[0]],
  ])
})

test('a missing first blob rejects before the first byte, a later one breaks the stream off', async () => {
  const { backend, extents, bytes } = await scattered([100, 100, 5, 100])
  const all = { range: { start: 0, end: bytes.length } }
  await backend.delete([blobName(1)])
  const stream = await readExtents(engineOf(backend), extents, all)
  await expect(readAll(stream)).rejects.toMatchObject({ code: 'BlobNotFound' })
  await backend.delete([blobName(0)])
  await expect(readExtents(engineOf(backend), extents, all)).rejects.toMatchObject({ code: 'BlobNotFound' })
})

test('an extent that delivers too much, too little, or fails in the middle never looks complete', async () => {
  const { backend, extents, bytes } = await scattered([100, 100, 5])
  const failing = new Error('the disk is gone')
  const streams: Record<string, () => Readable> = {
    short: () => Readable.from([bytesOf(99)]),
    long: () => Readable.from([bytesOf(101)]),
    failing: () =>
      new Readable({
        read() {
          this.destroy(failing)
        },
      }),
    closed: () =>
      new Readable({
        read() {
          this.destroy()
        },
      }),
  }
  for (const [name, bad] of Object.entries(streams)) {
    for (const place of [0, 1]) {
      const broken: Backend = Object.assign(Object.create(backend), {
        get: (...call: Parameters<Backend['get']>) => (call[0] === blobName(place) ? Promise.resolve(bad()) : backend.get(...call)),
      })
      const stream = await readExtents(engineOf(broken), extents, { range: { start: 0, end: bytes.length } })
      const expected = name === 'failing' ? failing : { code: 'BlobDamaged' }
      await expect(readAll(stream), `${name} at ${place}`).rejects.toMatchObject(expected)
    }
  }
})

test('an abort destroys the stream; destroying it frees what it held', async () => {
  const { backend, extents, bytes } = await scattered([300_000, 300_000, 300_000, 300_000])
  const open = new Set<Readable>()
  const watched: Backend = Object.assign(Object.create(backend), {
    get: async (...call: Parameters<Backend['get']>) => {
      const stream = await backend.get(...call)
      open.add(stream)
      stream.once('close', () => open.delete(stream))
      return stream
    },
  })
  const stream = await readExtents(engineOf(watched), extents, { range: { start: 0, end: bytes.length } })
  await stream[Symbol.asyncIterator]().next()
  stream.destroy()
  await expect.poll(() => open.size).toBe(0)
  const signal = AbortSignal.abort(new Error('enough'))
  await expect(readExtents(engineOf(watched), extents, { range: { start: 0, end: 5 }, signal })).rejects.toThrow('enough')
})

test('encrypted extents, and backends that are not there, are told by name', async () => {
  const { backend, extents } = await scattered([100])
  const [extent] = extents
  if (extent?.kind !== 'blob') throw new Error('the first extent is a blob')
  const envelope = { scheme: 'secret', dataKeyId: 'k', salt: new Uint8Array(), frameSize: 1, firstFrame: 0, skip: 0 }
  const read = (changed: Extent): Promise<unknown> => readExtents(engineOf(backend), [changed], { range: { start: 0, end: 100 } })
  await expect(read({ ...extent, envelope })).rejects.toMatchObject({ code: 'NotSupported' })
  await expect(read({ ...extent, backendId: 'cold' })).rejects.toMatchObject({ code: 'BackendUnavailable', details: { backend: 'cold' } })
})

test('slices keep whole extents as they are', async () => {
  const { extents } = await scattered([10, 10, 10])
  const slices = sliceExtents(extents, { start: 5, end: 25 })
  expect(slices.map(({ length }) => length)).toEqual([5, 10, 5])
  expect(slices[1]).toBe(extents[1])
  expect(slices[0]).toMatchObject({ storedOffset: 12, storedLength: 5, crc32c: null })
})
