import { randomBytes, randomInt } from 'node:crypto'
import { Readable } from 'node:stream'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { HashWorkerPool } from './hash-worker-pool.ts'
import { HashingSource } from './hashing-source.ts'
import type { HashingSourceOptions } from './hashing-source.ts'
import { checksumOf } from './running-checksum.ts'

const ALL = ['MD5', 'SHA1', 'SHA256', 'CRC32', 'CRC32C', 'CRC64NVME'] as const
const MIB = 1024 * 1024

/** A source that tells whether it was told to stop. */
class Chunks implements AsyncIterable<Uint8Array> {
  stopped = 0
  given = 0
  readonly #chunks: readonly (Uint8Array | Error)[]
  constructor(...chunks: (Uint8Array | Error)[]) {
    this.#chunks = chunks
  }
  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    return {
      next: async () => {
        const chunk = this.#chunks[this.given++]
        if (chunk instanceof Error) throw chunk
        return chunk === undefined ? { done: true, value: undefined } : { done: false, value: chunk }
      },
      return: async () => {
        this.stopped += 1
        return { done: true, value: undefined }
      },
    }
  }
}

async function readAll(source: AsyncIterable<Uint8Array>): Promise<Uint8Array[]> {
  const chunks: Uint8Array[] = []
  for await (const chunk of source) chunks.push(chunk)
  return chunks
}

const errorWith = (code: string, details?: object): unknown =>
  expect.objectContaining({ code, ...(details === undefined ? {} : { details }) })
const cut = (bytes: Buffer, size: number): Buffer[] =>
  Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) => bytes.subarray(index * size, (index + 1) * size))

let pool: HashWorkerPool
beforeAll(async () => {
  pool = new HashWorkerPool({ threadsMax: 1 })
  await pool.start()
})
afterAll(async () => {
  await pool.close()
})

describe.each(['inline', 'workers'])('%s', (mode) => {
  const optionsWith = (options: HashingSourceOptions): HashingSourceOptions => (mode === 'inline' ? options : { ...options, workers: pool })

  test.each([
    [0, 0],
    [1, undefined],
    [MIB - 1, MIB - 1],
    [300_000, undefined],
    [3 * MIB + 1, 3 * MIB + 1],
    [3 * MIB + 1, undefined],
  ])('hands %i bytes through and sums them up, announced as %o', async (length, size) => {
    const bytes = randomBytes(length)
    const chunks = cut(bytes, 65_536)
    const source = new HashingSource(Readable.from(chunks), optionsWith({ digests: ALL, ...(size === undefined ? {} : { size }) }))
    const read = await readAll(source)
    expect(Buffer.concat(read).equals(bytes)).toBe(true)
    // Inline, the very same objects: nothing was copied.
    if (mode === 'inline') expect(read.every((chunk, index) => chunk === chunks[index])).toBe(true)
    const body = await source.finish(ALL.map((algorithm) => ({ algorithm, digest: checksumOf(algorithm, bytes) })))
    expect(body.size).toBe(length)
    for (const algorithm of ALL) expect(body.of(algorithm)).toEqual(checksumOf(algorithm, bytes))
    expect(pool.usage).toMatchObject({ streams: 0, slabs: 0 })
  })

  test('refuses what was expected before, and behind, and is not', async () => {
    const bytes = randomBytes(2 * MIB)
    const wrong = [{ algorithm: 'MD5', digest: Buffer.alloc(16) }] as const
    const details = { algorithm: 'MD5', expected: 'AAAAAAAAAAAAAAAAAAAAAA==', actual: checksumOf('MD5', bytes).toString('base64') }
    const before = new HashingSource(new Chunks(bytes), optionsWith({ digests: [], expected: wrong }))
    await readAll(before)
    await expect(before.finish()).rejects.toEqual(errorWith('ChecksumMismatch', details))
    const behind = new HashingSource(new Chunks(bytes), optionsWith({ digests: ['MD5'] }))
    await readAll(behind)
    await expect(behind.finish(wrong)).rejects.toEqual(errorWith('ChecksumMismatch', details))
  })

  test('notices a body that is too long at the chunk that makes it so', async () => {
    const chunks = new Chunks(...cut(randomBytes(2 * MIB), 65_536))
    const source = new HashingSource(chunks, optionsWith({ digests: ['MD5'], size: MIB }))
    await expect(readAll(source)).rejects.toEqual(errorWith('IncompleteBody', { expected: MIB, actual: MIB + 65_536 }))
    expect(chunks).toMatchObject({ given: 17, stopped: 1 })
    const limited = new Chunks(Buffer.alloc(10), Buffer.alloc(10), Buffer.alloc(10))
    await expect(readAll(new HashingSource(limited, optionsWith({ digests: ['MD5'], sizeMax: 15 })))).rejects.toEqual(
      errorWith('ObjectTooLarge', { size: 20, max: 15 }),
    )
    expect(limited).toMatchObject({ given: 2, stopped: 1 })
    await expect.poll(() => pool.usage).toMatchObject({ streams: 0, slabs: 0 })
  })

  test('notices a body that ends early', async () => {
    const source = new HashingSource(new Chunks(randomBytes(MIB)), optionsWith({ digests: ['MD5'], size: MIB + 1 }))
    await expect(readAll(source)).rejects.toEqual(errorWith('IncompleteBody', { expected: MIB + 1, actual: MIB }))
    await expect.poll(() => pool.usage).toMatchObject({ streams: 0, slabs: 0 })
  })

  test('lets the error of the source out as it is', async () => {
    const error = new Error('the socket hung up')
    const source = new HashingSource(new Chunks(randomBytes(2 * MIB), error), optionsWith({ digests: ALL }))
    await expect(readAll(source)).rejects.toBe(error)
    await expect.poll(() => pool.usage).toMatchObject({ streams: 0, slabs: 0 })
  })

  test('a reader that stops early stops the source', async () => {
    const chunks = new Chunks(...cut(randomBytes(2 * MIB), 65_536))
    const source = new HashingSource(chunks, optionsWith({ digests: ALL, size: 2 * MIB }))
    for await (const chunk of source) if (chunk.length > 0 && source.size > MIB) break
    expect(chunks.stopped).toBe(1)
    await expect.poll(() => pool.usage).toMatchObject({ streams: 0, slabs: 0 })
  })

  test('gives back what the reader gives back, and never before the reader has done so', async () => {
    const bytes = randomBytes(8 * MIB + 3)
    const chunks = cut(bytes, 100_000)
    const returned: Uint8Array[] = []
    const lending = Object.assign(new Chunks(...chunks), { releaseChunk: (chunk: Uint8Array) => void returned.push(chunk) })
    const source = new HashingSource(lending, optionsWith({ digests: ALL, size: bytes.length }))
    const read: Buffer[] = []
    for await (const chunk of source) {
      read.push(Buffer.from(chunk))
      source.releaseChunk(chunk)
    }
    const body = await source.finish()
    for (const algorithm of ALL) expect(body.of(algorithm)).toEqual(checksumOf(algorithm, bytes))
    expect(Buffer.concat(read).equals(bytes)).toBe(true)
    expect(returned).toEqual(chunks)
    expect(pool.usage).toMatchObject({ streams: 0, slabs: 0 })
  })

  test('inline or not, random chunkings give the same digests', async () => {
    for (let round = 0; round < 5; round += 1) {
      const bytes = randomBytes(MIB + randomInt(4 * MIB))
      const source = new HashingSource(
        new Chunks(...cut(bytes, 1 + randomInt(1_500_000))),
        optionsWith({ digests: ALL, size: bytes.length }),
      )
      expect(Buffer.concat(await readAll(source)).equals(bytes)).toBe(true)
      const body = await source.finish()
      for (const algorithm of ALL) expect(body.of(algorithm)).toEqual(checksumOf(algorithm, bytes))
    }
  })

  test('abandoned after the end, it holds nothing', async () => {
    const source = new HashingSource(new Chunks(randomBytes(2 * MIB)), optionsWith({ digests: ALL }))
    await readAll(source)
    source.abandon()
    source.abandon()
    await expect(source.finish()).rejects.toThrow('has not been read to its end')
    await expect.poll(() => pool.usage).toMatchObject({ streams: 0, slabs: 0 })
  })
})

test('refuses an announced length that is too much before it touches the source', () => {
  const chunks = new Chunks(Buffer.alloc(1))
  expect(() => new HashingSource(chunks, { digests: [], size: 11, sizeMax: 10 })).toThrow(errorWith('ObjectTooLarge'))
  expect(chunks).toMatchObject({ given: 0, stopped: 0 })
})

test('refuses chunks that are no bytes, with a sentence', async () => {
  const text = Readable.from(['text']) as AsyncIterable<Uint8Array>
  await expect(readAll(new HashingSource(text, { digests: [] }))).rejects.toEqual(errorWith('InvalidArgument'))
})

test('is read once, and finished when it has been read', async () => {
  const source = new HashingSource(new Chunks(Buffer.alloc(1)), { digests: ['MD5'] })
  await expect(source.finish()).rejects.toThrow('has not been read to its end')
  await readAll(source)
  await expect(readAll(source)).rejects.toThrow('a body is read once')
})

test('an error of the source is not hidden by one of its cleaning up', async () => {
  const chunks = new Chunks(Buffer.alloc(2))
  const source: AsyncIterable<Uint8Array> = {
    [Symbol.asyncIterator]: () => ({
      next: async () => chunks[Symbol.asyncIterator]().next(),
      return: async () => {
        throw new Error('while cleaning up')
      },
    }),
  }
  await expect(readAll(new HashingSource(source, { digests: [], sizeMax: 1 }))).rejects.toEqual(errorWith('ObjectTooLarge'))
})

test('a worker that dies in the middle fails the body, retryable, and stops the source', async () => {
  const own = new HashWorkerPool({ threadsMax: 1 })
  expect(await own.start()).toBe(true)
  const chunks = new Chunks(...cut(randomBytes(8 * MIB), 65_536))
  const source = new HashingSource(chunks, { digests: ['MD5'], workers: own })
  const iterator = source[Symbol.asyncIterator]()
  await iterator.next()
  await own.close()
  await expect(iterator.next()).rejects.toEqual(expect.objectContaining({ code: 'BackendUnavailable', retryable: true }))
  expect(chunks.stopped).toBe(1)
})

test('an abandoned body that waited for its source ends without another chunk', async () => {
  let give = (): void => {}
  const given = new Promise<void>((resolve) => (give = resolve))
  async function* slow(): AsyncGenerator<Uint8Array> {
    yield randomBytes(MIB)
    await given
    yield randomBytes(MIB)
  }
  const source = new HashingSource(slow(), { digests: ['MD5'], workers: pool })
  const iterator = source[Symbol.asyncIterator]()
  await iterator.next()
  await iterator.next()
  const waiting = iterator.next()
  source.abandon()
  give()
  expect(await waiting).toEqual({ done: true, value: undefined })
  await expect.poll(() => pool.usage).toMatchObject({ streams: 0, slabs: 0 })
})
