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

/** Takes what was lent. */
type Reader = (chunk: Uint8Array) => void
const keep: Reader = () => {}

async function write(stream: HashStream, bytes: Buffer, read: Reader = keep): Promise<void> {
  for (let rest = bytes; rest.length > 0;) {
    const filled = stream.fill(rest)
    if (filled === 0) await stream.change()
    rest = rest.subarray(filled)
    const full = stream.takeFull()
    if (full !== null) read(full)
  }
}

async function writeInChunks(stream: HashStream, bytes: Buffer, options: { chunkSize: number; read?: Reader }): Promise<void> {
  const { chunkSize, read = keep } = options
  for (let at = 0; at < bytes.length; at += chunkSize) await write(stream, bytes.subarray(at, at + chunkSize), read)
}

function end(stream: HashStream, read: Reader = keep): Promise<readonly Buffer[]> {
  const last = stream.end()
  if (last !== null) read(last)
  return stream.digests()
}

const inline = (bytes: Buffer): readonly Buffer[] => ['md5', 'sha256'].map((name) => createHash(name).update(bytes).digest())
const stopped: unknown = expect.objectContaining({ code: 'BackendUnavailable', retryable: true })
const KIB = 1024
/** How much a slab holds. */
const SLAB = 512 * KIB

describe('HashStream', () => {
  test.each([0, 1, 100 * KIB, SLAB - 1, SLAB, SLAB + 1, 2 * SLAB, 6 * SLAB + 7])('of %i bytes is as inline', async (size) => {
    const pool = await startedPool()
    const bytes = randomBytes(size)
    for (const chunkSize of [64 * KIB, 65_521, 1 + size]) {
      const stream = openStream(pool)
      await writeInChunks(stream, bytes, { chunkSize })
      expect(await end(stream)).toEqual(inline(bytes))
    }
    expect(pool.usage).toEqual({ threads: 1, streams: 0, slabs: 0 })
  })

  test('many at once, of random sizes, in random chunks, some given up, some given back', async () => {
    const pool = await startedPool({ threadsMax: 2 })
    await Promise.all(
      Array.from({ length: 30 }, async (_, index) => {
        const bytes = randomBytes(randomInt(6_000_000))
        const stream = openStream(pool)
        const read = index % 2 === 0 ? keep : (chunk: Uint8Array) => stream.release(chunk)
        await writeInChunks(stream, bytes, { chunkSize: 1 + randomInt(300_000), read })
        if (index % 3 === 0) stream.abort()
        else expect(await end(stream, read)).toEqual(inline(bytes))
      }),
    )
    await expect.poll(() => pool.usage).toEqual({ threads: 2, streams: 0, slabs: 0 })
  })

  test('has room for three slabs that the thread has not answered, and no more', async () => {
    const pool = await startedPool()
    const bytes = randomBytes(4 * SLAB)
    const stream = openStream(pool)
    let rest = bytes
    for (let count = 0; count < 3; count += 1) {
      rest = rest.subarray(stream.fill(rest))
      expect(stream.takeFull()).not.toBeNull()
    }
    // The thread's answers are not heard before we wait.
    expect(stream.fill(rest)).toBe(0)
    expect(pool.usage.slabs).toBe(3)
    await write(stream, rest)
    expect(await end(stream)).toEqual(inline(bytes))
  })

  test('a reader that gives nothing back has memory of its own for every chunk, and the pool lets go of it', async () => {
    const pool = await startedPool()
    const bytes = randomBytes(20 * SLAB + 5)
    const stream = openStream(pool)
    const kept: Uint8Array[] = []
    await write(stream, bytes, (chunk) => {
      kept.push(chunk)
      expect(pool.usage.slabs).toBeLessThanOrEqual(8 + 1)
    })
    expect(await end(stream, (chunk) => kept.push(chunk))).toEqual(inline(bytes))
    expect(Buffer.concat(kept).equals(bytes)).toBe(true)
    expect(new Set(kept.map((chunk) => chunk.buffer)).size).toBe(21)
    // Too late: they are the reader's by now.
    for (const chunk of kept) stream.release(chunk)
    expect(pool.usage.slabs).toBe(0)
    const other = openStream(pool)
    await write(other, randomBytes(8 * SLAB))
    expect(await end(other)).toHaveLength(2)
    expect(Buffer.concat(kept).equals(bytes)).toBe(true)
  })

  test('what was given back is used again, but not before the thread has read it', async () => {
    const pool = await startedPool()
    const bytes = randomBytes(40 * SLAB)
    const stream = openStream(pool)
    const memory = new Set<unknown>()
    const read = (chunk: Uint8Array): void => {
      memory.add(chunk.buffer)
      stream.release(chunk)
      // Twice, and what was never lent: ignored.
      stream.release(chunk)
      stream.release(randomBytes(1))
    }
    await write(stream, bytes, read)
    expect(await end(stream, read)).toEqual(inline(bytes))
    expect(memory.size).toBeLessThanOrEqual(4)
  })

  test('a chunk given back twice does not give back what is lent anew', async () => {
    const pool = await startedPool()
    const stream = openStream(pool)
    const lend = async (): Promise<Uint8Array> => {
      const lent: Uint8Array[] = []
      await write(stream, randomBytes(SLAB), (chunk) => lent.push(chunk))
      return lent[0] ?? expect.unreachable()
    }
    const first = await lend()
    stream.release(first)
    await stream.change()
    const second = await lend()
    expect(second.buffer).toBe(first.buffer)
    stream.release(first)
    await stream.change()
    expect(pool.usage.slabs).toBe(1)
    expect((await lend()).buffer).not.toBe(second.buffer)
    stream.abort()
  })

  test.each([0, 10, SLAB, 2 * SLAB - 1, 10 * SLAB])('given up after %i bytes returns its slabs', async (size) => {
    const pool = await startedPool()
    const stream = openStream(pool)
    let rest = randomBytes(size)
    const lent: Uint8Array[] = []
    for (let filled = 1; filled > 0; rest = rest.subarray(filled)) {
      filled = stream.fill(rest)
      const full = stream.takeFull()
      if (full !== null) lent.push(full)
    }
    // Somebody waits for room.
    const waiting = stream.change()
    stream.abort()
    stream.abort()
    await waiting
    for (const chunk of lent) stream.release(chunk)
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
    await write(stream, randomBytes(1_000_000))
    expect(await end(stream)).toHaveLength(2)
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
    await write(idle, randomBytes(1000))
    // Asked for before the thread dies, answered never.
    const written = write(waiting, randomBytes(64_000_000))
    await Promise.all([expect(written).rejects.toEqual(stopped), workers[0]?.terminate()])
    expect(() => waiting.end()).toThrow(expect.objectContaining({ code: 'BackendUnavailable' }))
    expect(() => idle.fill(randomBytes(1))).toThrow(expect.objectContaining({ code: 'BackendUnavailable' }))
    idle.abort()
    expect(pool.usage).toEqual({ threads: 0, streams: 0, slabs: 0 })

    expect(await pool.start()).toBe(true)
    const stream = openStream(pool)
    await write(stream, randomBytes(1_000_000))
    expect(await end(stream)).toHaveLength(2)
  })

  test('closed, it takes nothing and fails what is under way; twice is fine', async () => {
    const pool = await startedPool()
    const stream = openStream(pool)
    const written = write(stream, randomBytes(64_000_000))
    await Promise.all([expect(written).rejects.toEqual(stopped), pool.close()])
    await pool.close()
    expect(pool.usage).toEqual({ threads: 0, streams: 0, slabs: 0 })
    expect(pool.open(['MD5'])).toBeNull()
    expect(await pool.start()).toBe(false)
  })
})
