import { mkdtemp, readdir, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { finished } from 'node:stream/promises'
import { isLendingReadable, parseBlobKey } from '@stowage/core/backend'
import type { Backend, BlobKey } from '@stowage/core/backend'
import { afterAll, describe, expect, test } from 'vitest'
import { nodeFileSystem } from './file-system.ts'
import type { FileSystem } from './file-system.ts'
import { fsBackend, fsBackendOn } from './fs-backend.ts'
import { FAN_OUT } from './paths.ts'

const root = await mkdtemp(join(tmpdir(), 'stowage-fs-'))
afterAll(() => rm(root, { recursive: true, force: true }))

const KEY = parseBlobKey('x1')
const MIB = 1024 * 1024

interface Opened {
  readonly backend: Backend
  readonly directory: string
}

/** A backend on the real disk, some of whose calls fail. */
async function open(faults: Partial<FileSystem> = {}): Promise<Opened> {
  const directory = await mkdtemp(join(root, 'd-'))
  const backend = fsBackendOn({ ...nodeFileSystem, ...faults }, { directory })
  await backend.init()
  return { backend, directory }
}

async function* chunks(count: number, size = 65_536): AsyncGenerator<Uint8Array> {
  for (let number = 0; number < count; number++) yield Buffer.alloc(size, number)
}

async function list(backend: Backend): Promise<string[]> {
  const keys: string[] = []
  for await (const entry of backend.list({ prefix: '' })) keys.push(entry.key)
  return keys
}

async function read(backend: Backend, key: BlobKey): Promise<Buffer> {
  const read: Uint8Array[] = []
  for await (const chunk of await backend.get(key, {})) read.push(chunk)
  return Buffer.concat(read)
}

function failure(code: string, syscall: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${code}: ${syscall} '/secret/path'`), { code, syscall })
}

describe('init', () => {
  test('makes the fan-out ahead, with missing parents, for its owner only', async () => {
    const directory = join(root, 'not', 'there', 'yet')
    const backend = fsBackend({ directory })
    await backend.init()
    expect((await readdir(join(directory, 'blobs'))).sort()).toEqual([...FAN_OUT].sort())
    expect((await stat(join(directory, 'blobs', 'x'))).mode & 0o777).toBe(0o700)
    await backend.put(KEY, chunks(1), {})
    expect((await stat(join(directory, 'blobs', 'x', 'x1'))).mode & 0o777).toBe(0o600)
    await backend.close()
  })

  test('finds what an earlier instance wrote, and somebody else’s files are none of its business', async () => {
    const { backend, directory } = await open()
    await backend.put(KEY, chunks(3), {})
    await backend.put(parseBlobKey('tenant/x2'), chunks(1), {})
    await backend.close()
    await writeFile(join(directory, 'blobs', 'x', 'README.md'), 'hello')
    await writeFile(join(directory, 'blobs', 'x', 'y'), 'in the wrong directory')
    const again = fsBackend({ directory })
    await again.init()
    expect(await list(again)).toEqual(['tenant/x2', 'x1'])
    expect((await read(again, KEY)).length).toBe(3 * 65_536)
    await again.close()
  })

  test('refuses options that make no sense, by name', () => {
    expect(() => fsBackend({ directory: 'relative' })).toThrow(/directory/)
    expect(() => fsBackend({ directory: root, blobSizeMax: 0 })).toThrow(/blobSizeMax/)
    expect(() => fsBackend(JSON.parse(`{"directory":"/x","durability":"yes"}`))).toThrow(/durability/)
    expect(() => fsBackend(JSON.parse(`{"directory":"/x","colour":"red"}`))).toThrow(/colour/)
  })

  test('a directory that is a file is told without its path', async () => {
    const directory = join(root, 'a-file')
    await writeFile(directory, '')
    const error: unknown = await fsBackend({ directory })
      .init()
      .catch((error: unknown) => error)
    expect(error).toMatchObject({ code: 'BackendUnavailable', retryable: false })
    expect(String(error)).not.toContain(root)
  })
})

describe('put', () => {
  test('a blob above blobSizeMax is stopped where its size was not known', async () => {
    const directory = await mkdtemp(join(root, 'd-'))
    const backend = fsBackend({ directory, blobSizeMax: 100_000 })
    await backend.init()
    await expect(backend.put(KEY, chunks(10), {})).rejects.toMatchObject({ code: 'ObjectTooLarge' })
    expect(await list(backend)).toEqual([])
  })

  test('writes that the disk takes in pieces arrive whole', async () => {
    const { backend } = await open({
      // As writev(2) may: one byte less than a chunk and a half at a time.
      writev: (descriptor, buffers) => nodeFileSystem.writev(descriptor, cut(buffers, 98_303)),
    })
    await backend.put(KEY, chunks(40), { size: 40 * 65_536 })
    const bytes = await read(backend, KEY)
    expect(bytes.equals(Buffer.concat(Array.from({ length: 40 }, (_, number) => Buffer.alloc(65_536, number))))).toBe(true)
  })

  test('gives each chunk back once, when it has been written', async () => {
    let written = 0
    const { backend } = await open({
      writev: async (descriptor, buffers) => {
        const size = await nodeFileSystem.writev(descriptor, cut(buffers, 98_303))
        written += size
        return size
      },
    })
    const given: Uint8Array[] = []
    const returned: Uint8Array[] = []
    let returnedSize = 0
    // Small ones, and ones that are written by themselves.
    const sizes = [...Array.from({ length: 70 }, () => 65_536), 512 * 1024, 300_000, 1, 512 * 1024]
    const source = {
      async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
        for (const [number, size] of sizes.entries()) {
          const chunk = Buffer.alloc(size, number + 1)
          given.push(chunk)
          yield chunk
        }
      },
      releaseChunk(chunk: Uint8Array): void {
        returned.push(chunk)
        returnedSize += chunk.length
        expect(returnedSize).toBeLessThanOrEqual(written)
        chunk.fill(0)
      },
    }
    await backend.put(KEY, source, {})
    expect(returned).toHaveLength(given.length)
    expect(new Set(returned)).toEqual(new Set(given))
    expect((await read(backend, KEY)).equals(Buffer.concat(sizes.map((size, number) => Buffer.alloc(size, number + 1))))).toBe(true)
  })

  test('holds few batches: a slow disk slows the body down', async () => {
    let release = (): void => {}
    const gate = new Promise<void>((resolve) => (release = resolve))
    const { backend } = await open({ writev: (descriptor, buffers) => gate.then(() => nodeFileSystem.writev(descriptor, buffers)) })
    let given = 0
    async function* body(): AsyncGenerator<Uint8Array> {
      for await (const chunk of chunks(100)) {
        given += chunk.length
        yield chunk
      }
    }
    const put = backend.put(KEY, body(), {})
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(given).toBeLessThanOrEqual(2 * MIB)
    release()
    expect(await put).toEqual({ size: 100 * 65_536 })
  })

  test.each(['ENOSPC', 'EDQUOT', 'EFBIG'])('a disk that is full (%s) is StorageFull, leaves nothing, and is no end', async (code) => {
    let full = true
    const { backend, directory } = await open({
      writev: (descriptor, buffers) => (full ? Promise.reject(failure(code, 'writev')) : nodeFileSystem.writev(descriptor, buffers)),
    })
    await expect(backend.put(KEY, chunks(100), {})).rejects.toMatchObject({ code: 'StorageFull', cause: { code } })
    expect(await readdir(join(directory, 'blobs', 'x'))).toEqual([])
    full = false
    await backend.put(KEY, chunks(100), {})
    expect(await list(backend)).toEqual([KEY])
  })

  test('a failed close fails the put', async () => {
    const closed: number[] = []
    const { backend } = await open({
      async close(descriptor) {
        closed.push(descriptor)
        await nodeFileSystem.close(descriptor)
        throw failure('EIO', 'close')
      },
    })
    await expect(backend.put(KEY, chunks(1), {})).rejects.toMatchObject({ code: 'BackendUnavailable', retryable: false })
    expect(await list(backend)).toEqual([])
    expect(closed.length, 'closed once').toBe(1)
  })

  test('what cannot be removed is not readable, but listed for the collector, and can be deleted', async () => {
    let stuck = true
    const { backend } = await open({
      writev: () => Promise.reject(failure('EIO', 'writev')),
      unlink: (path) => (stuck ? Promise.reject(failure('EIO', 'unlink')) : nodeFileSystem.unlink(path)),
    })
    await expect(backend.put(KEY, chunks(100), {})).rejects.toMatchObject({ code: 'BackendUnavailable' })
    await expect(backend.get(KEY, {})).rejects.toMatchObject({ code: 'BlobNotFound' })
    expect(await list(backend)).toEqual([KEY])
    stuck = false
    await backend.delete([KEY])
    expect(await list(backend)).toEqual([])
  })
})

describe('syncs', () => {
  test('a put syncs its data, closes, and syncs its directory, in that order', async () => {
    const steps: string[] = []
    const recording: FileSystem = {
      ...nodeFileSystem,
      fdatasync: (descriptor) => nodeFileSystem.fdatasync(descriptor).finally(() => steps.push('fdatasync')),
      close: (descriptor) => nodeFileSystem.close(descriptor).finally(() => steps.push('close')),
      fsync: (descriptor) => {
        steps.push('fsync')
        return nodeFileSystem.fsync(descriptor)
      },
    }
    const { backend } = await open(recording)
    steps.length = 0
    await backend.put(KEY, chunks(1), {})
    expect(steps).toEqual(['fdatasync', 'close', 'fsync'])
    const unsynced = fsBackendOn(recording, { directory: await mkdtemp(join(root, 'd-')), durability: 'process' })
    await unsynced.init()
    steps.length = 0
    await unsynced.put(KEY, chunks(1), {})
    expect(steps).toEqual(['close'])
    const windows = fsBackendOn(recording, { directory: await mkdtemp(join(root, 'd-')) }, 'win32')
    await windows.init()
    steps.length = 0
    await windows.put(KEY, chunks(1), {})
    expect(steps, 'Windows cannot sync directories').toEqual(['fdatasync', 'close'])
  })

  test.each(['fdatasync', 'fsync'] as const)(
    'a failed %s fails the put, and every write until the directory is opened again',
    async (call) => {
      let broken = false
      let syncs = 0
      const { backend, directory } = await open({
        [call]: (descriptor: number) => {
          syncs += 1
          return broken ? Promise.reject(failure('EIO', call)) : nodeFileSystem[call](descriptor)
        },
      })
      const kept = parseBlobKey('x-kept')
      await backend.put(kept, chunks(1), {})
      broken = true
      syncs = 0
      await expect(backend.put(KEY, chunks(1), {})).rejects.toMatchObject({ code: 'BackendUnavailable', cause: { code: 'EIO' } })
      expect(syncs, 'no sync is tried again').toBe(1)
      broken = false
      await expect(backend.put(KEY, chunks(1), {})).rejects.toMatchObject({ code: 'BackendUnavailable', retryable: false })
      await expect(backend.delete([kept])).rejects.toMatchObject({ code: 'BackendUnavailable' })
      expect(syncs).toBe(1)
      // What was acknowledged can be read, and nothing of the failed put is there.
      expect((await read(backend, kept)).length).toBe(65_536)
      expect(await list(backend)).toEqual([kept])
      const again = fsBackend({ directory })
      await again.init()
      await again.put(KEY, chunks(1), {})
      await again.close()
    },
  )

  test('a disk that is full when data is synced is not broken', async () => {
    let full = true
    const { backend } = await open({
      fdatasync: (descriptor) => (full ? Promise.reject(failure('ENOSPC', 'fdatasync')) : nodeFileSystem.fdatasync(descriptor)),
    })
    await expect(backend.put(KEY, chunks(1), {})).rejects.toMatchObject({ code: 'StorageFull' })
    full = false
    await backend.put(KEY, chunks(1), {})
  })

  test('after close() nothing is written', async () => {
    const { backend } = await open()
    await backend.close()
    await expect(backend.put(KEY, chunks(1), {})).rejects.toMatchObject({ code: 'BackendUnavailable' })
  })
})

describe('get', () => {
  test('a file that is cut short while it is read errors with BlobDamaged, it never just ends', async () => {
    const { backend, directory } = await open()
    await backend.put(KEY, chunks(64), {})
    const stream = await backend.get(KEY, {})
    await truncate(join(directory, 'blobs', 'x', 'x1'), 1_500_000)
    let size = 0
    stream.on('data', (chunk: Uint8Array) => (size += chunk.length))
    await expect(finished(stream)).rejects.toMatchObject({ code: 'BlobDamaged' })
    expect(size).toBe(1_500_000)
  })

  test('a read that fails errors the stream, and closes once', async () => {
    let closes = 0
    const { backend } = await open({
      read: () => Promise.reject(failure('EIO', 'read')),
      close: (descriptor) => {
        closes += 1
        return nodeFileSystem.close(descriptor)
      },
    })
    await backend.put(KEY, chunks(1), {})
    closes = 0
    const stream = await backend.get(KEY, {})
    stream.resume()
    await expect(finished(stream)).rejects.toMatchObject({ code: 'BackendUnavailable' })
    await new Promise((resolve) => (stream.closed ? resolve(null) : stream.once('close', resolve)))
    expect(closes).toBe(1)
  })

  test('destroyed during a read, it closes after the read, once', async () => {
    const steps: string[] = []
    let release = (): void => {}
    const gate = new Promise<void>((resolve) => (release = resolve))
    const { backend } = await open({
      async read(descriptor, buffer, length, position) {
        await gate
        const count = await nodeFileSystem.read(descriptor, buffer, length, position)
        steps.push('read')
        return count
      },
      close(descriptor) {
        steps.push('close')
        return nodeFileSystem.close(descriptor)
      },
    })
    await backend.put(KEY, chunks(64), {})
    steps.length = 0
    const stream = await backend.get(KEY, {})
    stream.read(0)
    stream.destroy()
    stream.destroy()
    await new Promise((resolve) => setImmediate(resolve))
    expect(steps).toEqual([])
    release()
    await new Promise((resolve) => stream.once('close', resolve))
    expect(steps).toEqual(['read', 'close'])
  })

  test('chunks that are given back are used again; those that are not stay what they were', async () => {
    const { backend } = await open()
    await backend.put(KEY, chunks(256), {})
    const kept: Buffer[] = []
    const memory = new Set<ArrayBufferLike>()
    const stream = await backend.get(KEY, {})
    if (!isLendingReadable(stream)) throw new Error('the chunks of fs may be given back')
    let position = 0
    for await (const chunk of stream) {
      if (!Buffer.isBuffer(chunk)) throw new Error('bytes')
      if (kept.length < 2) kept.push(chunk)
      else memory.add(chunk.buffer)
      position += chunk.length
      if (!kept.includes(chunk)) {
        stream.releaseChunk(chunk)
        stream.releaseChunk(chunk)
      }
    }
    expect(position).toBe(16 * MIB)
    expect(memory.size).toBeLessThan(8)
    expect(kept.map((chunk) => chunk[0])).toEqual([0, 8])
    expect(() => stream.releaseChunk(Buffer.alloc(MIB))).not.toThrow()
  })
})

function cut(buffers: readonly Uint8Array[], size: number): Uint8Array[] {
  const taken: Uint8Array[] = []
  let left = size
  for (const buffer of buffers) {
    if (left === 0) break
    taken.push(buffer.subarray(0, left))
    left -= Math.min(left, buffer.length)
  }
  return taken
}
