import { createHash, randomBytes, randomInt } from 'node:crypto'
import { Worker } from 'node:worker_threads'
import { afterEach, describe, expect, test } from 'vitest'
import type { HashStream } from './hash-stream.ts'
import { HashWorkerPool } from './hash-worker-pool.ts'
import type { HashWorkerPoolOptions } from './hash-worker-pool.ts'

const pools: HashWorkerPool[] = []
afterEach(async () => {
  await Promise.all(pools.splice(0).map((pool) => pool.close()))
})

function makePool(options: HashWorkerPoolOptions): HashWorkerPool {
  const pool = new HashWorkerPool(options)
  pools.push(pool)
  return pool
}

async function startedPool(options: HashWorkerPoolOptions = { threadsMax: 1 }): Promise<HashWorkerPool> {
  const pool = makePool(options)
  expect(await pool.start()).toBe(true)
  return pool
}

function openStream(pool: HashWorkerPool): HashStream {
  const stream = pool.open(['MD5', 'SHA256'])
  if (stream === null) throw new Error('the pool took no body')
  return stream
}

async function writeInChunks(stream: HashStream, bytes: Buffer, chunkSize: number): Promise<void> {
  for (let at = 0; at < bytes.length; at += chunkSize) await stream.write(bytes.subarray(at, at + chunkSize))
}

const inline = (bytes: Buffer): readonly Buffer[] => ['md5', 'sha256'].map((name) => createHash(name).update(bytes).digest())
const stopped: unknown = expect.objectContaining({ code: 'BackendUnavailable', retryable: true })
const KIB = 1024

describe('HashStream', () => {
  test.each([0, 1, 100 * KIB, 256 * KIB - 1, 256 * KIB, 256 * KIB + 1, 512 * KIB, 3000 * KIB + 7])(
    'of %i bytes is as inline',
    async (size) => {
      const pool = await startedPool()
      const bytes = randomBytes(size)
      for (const chunkSize of [64 * KIB, 65_521, 1 + size]) {
        const stream = openStream(pool)
        await writeInChunks(stream, bytes, chunkSize)
        expect(await stream.digests()).toEqual(inline(bytes))
      }
      expect(pool.usage).toEqual({ threads: 1, streams: 0, slabs: 0 })
    },
  )

  test('many at once, of random sizes, in random chunks, some given up', async () => {
    const pool = await startedPool({ threadsMax: 2 })
    await Promise.all(
      Array.from({ length: 30 }, async (_, index) => {
        const bytes = randomBytes(randomInt(2_000_000))
        const stream = openStream(pool)
        await writeInChunks(stream, bytes, 1 + randomInt(300_000))
        if (index % 3 === 0) stream.abort()
        else expect(await stream.digests()).toEqual(inline(bytes))
      }),
    )
    await expect.poll(() => pool.usage).toEqual({ threads: 2, streams: 0, slabs: 0 })
  })

  test('takes a chunk as large as a body and keeps at most four slabs', async () => {
    const pool = await startedPool()
    const bytes = randomBytes(8_000_000)
    const stream = openStream(pool)
    const written = stream.write(bytes)
    expect(written).toBeInstanceOf(Promise)
    expect(pool.usage.slabs).toBe(4)
    await written
    expect(await stream.digests()).toEqual(inline(bytes))
  })

  test('leaves the chunk as it is: it can be written to disk meanwhile', async () => {
    const bytes = randomBytes(600_000)
    const copy = Buffer.from(bytes)
    const stream = openStream(await startedPool())
    await stream.write(bytes)
    await stream.digests()
    expect(bytes).toEqual(copy)
  })

  test.each([0, 10, 256 * KIB, 900 * KIB, 5000 * KIB])('given up after %i bytes returns its slabs', async (size) => {
    const pool = await startedPool()
    const stream = openStream(pool)
    // Not awaited: the body is given up in the middle of a write.
    const written = stream.write(randomBytes(size))
    stream.abort()
    stream.abort()
    await written
    await expect.poll(() => pool.usage).toEqual({ threads: 1, streams: 0, slabs: 0 })
  })
})

describe('HashWorkerPool', () => {
  test('takes nothing before its first thread runs, and starts it at the first body', async () => {
    const pool = makePool({ threadsMax: 1 })
    expect(pool.usage.threads).toBe(0)
    expect(pool.open(['MD5'])).toBeNull()
    expect(pool.usage.threads).toBe(1)
    await pool.start()
    expect(pool.open(['MD5'])).not.toBeNull()
  })

  test('takes at most 32 bodies a thread', async () => {
    const pool = await startedPool()
    const streams = Array.from({ length: 32 }, () => openStream(pool))
    expect(pool.open(['MD5'])).toBeNull()
    streams[0]?.abort()
    expect(pool.open(['MD5'])).not.toBeNull()
  })

  test('starts threads one by one, up to the most', async () => {
    const pool = await startedPool({ threadsMax: 3 })
    openStream(pool)
    openStream(pool)
    openStream(pool)
    expect(pool.usage.threads).toBe(2)
    await expect.poll(() => (pool.open(['MD5']), pool.usage.threads)).toBe(3)
  })

  test.each([{ worker: 'inline' }, { threadsMax: 0 }] as const)('with %j leaves everything to the caller', async (options) => {
    const pool = makePool(options)
    expect(await pool.start()).toBe(false)
    expect(pool.open(['MD5'])).toBeNull()
    expect(pool.usage.threads).toBe(0)
  })

  test.each([
    ['a file that is not there', new URL('./not-there.js', import.meta.url)],
    ['a URL that names no file', new URL('ftp://127.0.0.1/worker.js')],
    [
      'a factory that throws',
      () => {
        throw new Error('no worker')
      },
    ],
    ['a worker that throws', () => new Worker('throw new Error("broken")', { eval: true })],
    ['a worker that just ends', () => new Worker('', { eval: true })],
  ] as const)('with %s leaves everything to the caller', async (_, worker) => {
    const pool = makePool({ threadsMax: 1, worker })
    for (let attempt = 0; attempt < 5; attempt += 1) expect(await pool.start()).toBe(false)
    expect(pool.open(['MD5'])).toBeNull()
    expect(pool.usage.threads).toBe(0)
  })

  test('takes a factory, which gets the options', async () => {
    const names: (string | undefined)[] = []
    const pool = await startedPool({
      threadsMax: 1,
      worker: (options) => {
        names.push(options.name)
        return new Worker(new URL('./hash-worker.ts', import.meta.url), options)
      },
    })
    const stream = openStream(pool)
    await stream.write(randomBytes(1_000_000))
    expect(await stream.digests()).toHaveLength(2)
    expect(names).toEqual(['stowage-hash'])
  })

  test('a thread that dies fails its bodies, and the next one takes its place', async () => {
    const workers: Worker[] = []
    const pool = await startedPool({
      threadsMax: 1,
      worker: (options) => {
        const worker = new Worker(new URL('./hash-worker.ts', import.meta.url), options)
        workers.push(worker)
        return worker
      },
    })
    const waiting = openStream(pool)
    const idle = openStream(pool)
    await idle.write(randomBytes(1000))
    // Asked for before the thread dies, answered never.
    const written = waiting.write(randomBytes(64_000_000))
    await Promise.all([expect(written).rejects.toEqual(stopped), workers[0]?.terminate()])
    await expect(waiting.digests()).rejects.toEqual(stopped)
    expect(() => idle.write(randomBytes(1))).toThrow(expect.objectContaining({ code: 'BackendUnavailable' }))
    idle.abort()
    expect(pool.usage).toEqual({ threads: 0, streams: 0, slabs: 0 })

    expect(await pool.start()).toBe(true)
    const stream = openStream(pool)
    await stream.write(randomBytes(1_000_000))
    expect(await stream.digests()).toHaveLength(2)
  })

  test('closed, it takes nothing and fails what is under way; twice is fine', async () => {
    const pool = await startedPool()
    const stream = openStream(pool)
    const written = stream.write(randomBytes(64_000_000))
    await Promise.all([expect(written).rejects.toEqual(stopped), pool.close()])
    await pool.close()
    expect(pool.usage).toEqual({ threads: 0, streams: 0, slabs: 0 })
    expect(pool.open(['MD5'])).toBeNull()
    expect(await pool.start()).toBe(false)
  })
})
