import type { Readable } from 'node:stream'
import { faultyBackend } from '@stowage/conformance'
import { describe, expect, test } from 'vitest'
import { bytesOf, readAll } from '../../test/engine-matrix.ts'
import type { Backend, UnfinishedWrite } from './backend.ts'
import type { BlobKey } from './blob-key.ts'
import { parseBlobKey } from './blob-key.ts'
import { copyBlobs } from './copy-blobs.ts'
import { memoryBackend } from './memory-backend.ts'
import { MovableBackend } from './movable-backend.ts'

const KEYS = ['a', 'b', 'c/d', 'e'].map(parseBlobKey)

async function filled(keys: readonly BlobKey[] = KEYS, seed = 0): Promise<Backend> {
  const backend = memoryBackend()
  for (const key of keys) await backend.put(key, source(bytesOf(key.length * 1_000 + seed, seed)), {})
  return backend
}

async function* source(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}

async function movableOf(current: Backend, former: Backend | null = null): Promise<MovableBackend> {
  const movable = new MovableBackend({ current, former })
  await movable.init()
  return movable
}

async function keysOf(backend: Backend): Promise<readonly string[]> {
  const keys: string[] = []
  for await (const { key } of backend.list({ prefix: '' })) keys.push(key)
  return keys
}

async function read(backend: Backend, key: BlobKey): Promise<Buffer> {
  return readAll(await backend.get(key, {}))
}

describe('MovableBackend', () => {
  test('reads what has not moved, writes to the new place, deletes in both', async () => {
    const from = await filled()
    const to = memoryBackend()
    const movable = await movableOf(from)
    movable.moveTo(to)
    const added = parseBlobKey('b2')
    await movable.put(added, source(bytesOf(10)), {})
    expect(await keysOf(movable)).toEqual(['a', 'b', 'b2', 'c/d', 'e'])
    expect(await keysOf(from)).not.toContain('b2')
    expect(await read(movable, added)).toEqual(bytesOf(10))
    expect(await read(movable, parseBlobKey('a'))).toEqual(await read(from, parseBlobKey('a')))
    await movable.delete([parseBlobKey('a'), added])
    expect(await keysOf(movable)).toEqual(['b', 'c/d', 'e'])
    expect(await keysOf(to)).toEqual([])
    await expect(movable.get(added, {})).rejects.toMatchObject({ code: 'BlobNotFound' })
  })

  test('copies, and then has everything in the new place', async () => {
    const from = await filled()
    const to = memoryBackend()
    const movable = await movableOf(from)
    movable.moveTo(to)
    expect([movable.copying, movable.joining]).toEqual([undefined, undefined])
    const steps: number[] = []
    const copied = await movable.copyFormer({ onProgress: ({ blobs, total }) => steps.push(blobs, total.blobs) })
    expect(copied).toEqual({ blobs: 4, bytes: 6_000, present: 0 })
    expect(steps).toEqual([1, 4, 2, 4, 3, 4, 4, 4])
    movable.dropFormer()
    expect([movable.current, movable.former]).toEqual([to, null])
    for (const key of KEYS) expect(await read(movable, key)).toEqual(await read(from, key))
    expect([movable.copying === undefined, movable.joining?.sourceCountMax]).toEqual([false, to.joining?.sourceCountMax])
    expect(await keysOf(from)).toHaveLength(4)
  })

  test('a put into the old place that is under way when the move begins is copied, too', async () => {
    const from = await filled([])
    const movable = await movableOf(from)
    let go = (): void => undefined
    const gate = new Promise<void>((resolve) => (go = resolve))
    const slow = async function* (): AsyncGenerator<Uint8Array> {
      yield bytesOf(10)
      await gate
      yield bytesOf(20)
    }
    const late = parseBlobKey('late')
    const put = movable.put(late, slow(), {})
    movable.moveTo(memoryBackend())
    const copying = movable.copyFormer({})
    go()
    await put
    expect(await copying).toEqual({ blobs: 1, bytes: 30, present: 0 })
    expect(await keysOf(movable.current)).toEqual(['late'])
  })

  test('a blob that is being joined in the old place when the move begins is copied, too', async () => {
    const from = await filled()
    const movable = await movableOf(from)
    const joined = parseBlobKey('joined')
    const joining = movable.joining?.join(joined, KEYS, { temporary: () => Promise.reject(new Error('needs none')) })
    movable.moveTo(memoryBackend())
    const copied = await movable.copyFormer({})
    expect(await joining).toEqual({ size: 6_000 })
    expect(copied).toEqual({ blobs: 5, bytes: 12_000, present: 0 })
  })

  test('a power that was asked for before a move makes nothing in the old place during it, nor behind it', async () => {
    const from = await filled()
    const movable = await movableOf(from)
    const { joining, copying } = movable
    const options = { temporary: () => Promise.reject(new Error('needs none')) }
    const [joined, copy] = [parseBlobKey('joined'), parseBlobKey('copy')]
    const refused = async (): Promise<void> => {
      await expect(joining?.join(joined, KEYS, options)).rejects.toMatchObject({ code: 'NotSupported' })
      await expect(copying?.copy(KEYS[0] ?? joined, copy, {})).rejects.toMatchObject({ code: 'NotSupported' })
    }
    movable.moveTo(memoryBackend())
    await refused()
    await movable.copyFormer({})
    movable.dropFormer()
    await refused()
    expect(await keysOf(from)).toEqual(KEYS)
  })

  test('a deletion in the old place that is under way when the move begins leaves no copy', async () => {
    const from = await filled()
    let go = (): void => undefined
    const gate = new Promise<void>((resolve) => (go = resolve))
    const remove = from.delete.bind(from)
    const slow = Object.assign(from, { delete: async (keys: readonly BlobKey[]) => remove(keys, await gate.then(() => ({}))) })
    const movable = await movableOf(slow)
    const deleting = movable.delete(KEYS.slice(0, 2))
    movable.moveTo(memoryBackend())
    const copying = movable.copyFormer({ onProgress: go })
    setImmediate(go)
    await deleting
    await copying
    expect(await keysOf(movable.current)).toEqual(['c/d', 'e'])
  })

  test('a second move does not begin before the first has ended', async () => {
    const movable = await movableOf(memoryBackend(), memoryBackend())
    expect(() => movable.moveTo(memoryBackend())).toThrow('a move has begun already')
  })

  test('unfinished writes are listed in both, and aborted where they are', async () => {
    const aborted: string[] = []
    const writes = (name: string): Backend => {
      const write: UnfinishedWrite = { key: parseBlobKey(name), id: name, startedAt: new Date(0) }
      const list = async function* (): AsyncGenerator<UnfinishedWrite> {
        yield write
      }
      return Object.assign(memoryBackend(), {
        unfinished: { list, abort: async ({ id }: UnfinishedWrite) => void aborted.push(`${name} ${id}`) },
      })
    }
    const movable = await movableOf(writes('new'), writes('old'))
    for await (const write of movable.unfinished?.list({ before: new Date(1) }) ?? []) await movable.unfinished?.abort(write)
    expect(aborted).toEqual(['new new', 'old old'])
    expect((await movableOf(memoryBackend())).unfinished).toBeUndefined()
    // What is whole in the old place is being copied: no reservation keeps the collector from that.
    const copied = await movableOf(writes('a'), await filled())
    for await (const { id } of copied.unfinished?.list({ before: new Date(1) }) ?? []) aborted.push(id)
    copied.dropFormer()
    for await (const { id } of copied.unfinished?.list({ before: new Date(1) }) ?? []) aborted.push(`${id} behind the move`)
    expect(aborted.slice(2)).toEqual(['a behind the move'])
  })

  test('a listing says of a blob what reading it gives, not how far its copy is', async () => {
    const movable = await movableOf(await filled(KEYS.slice(0, 1), 7), await filled())
    const sizes: number[] = []
    for await (const { size } of movable.list({ prefix: '' })) sizes.push(size)
    expect(sizes).toEqual([1_000, 1_000, 3_000, 1_000])
  })
})

describe('copyBlobs', () => {
  test('goes on where a run was interrupted, at whatever call that was', async () => {
    const from = await filled()
    const counted = faultyBackend(memoryBackend())
    await copyBlobs(from, counted, { concurrency: 1 })
    expect(counted.calls).toBeGreaterThan(8)
    for (let failAt = 1; failAt <= counted.calls; failAt += 1) {
      for (const mode of ['before', 'after', 'partial'] as const) {
        const inner = memoryBackend()
        const broken = faultyBackend(inner, { failAt, mode })
        await expect(copyBlobs(from, broken, { concurrency: 1 })).rejects.toMatchObject({ code: 'BackendUnavailable' })
        const { blobs, present } = await copyBlobs(from, inner)
        expect(blobs + present).toBe(4)
        for (const key of KEYS) expect(await read(inner, key)).toEqual(await read(from, key))
      }
    }
  })

  test('what has another size is copied anew; one that only the new place has stays', async () => {
    const to = await filled(['a', 'z'].map(parseBlobKey), 7)
    const from = await filled()
    expect(await copyBlobs(from, to)).toEqual({ blobs: 4, bytes: 6_000, present: 0 })
    expect(await keysOf(to)).toEqual(['a', 'b', 'c/d', 'e', 'z'])
    expect(await read(to, parseBlobKey('a'))).toEqual(await read(from, parseBlobKey('a')))
  })

  test('a blob that is there and known to be whole is not read, unless it has another size', async () => {
    const from = await filled()
    const to = await filled(['a', 'b'].map(parseBlobKey), 0)
    await to.delete([parseBlobKey('b')])
    await to.put(parseBlobKey('b'), source(bytesOf(7)), {})
    const read: string[] = []
    const get = from.get.bind(from)
    const watched = Object.assign(from, {
      get: (key: BlobKey, options: object) => {
        read.push(key)
        return get(key, options)
      },
    })
    expect(await copyBlobs(watched, to, { trusts: ({ key }) => key < 'c' })).toEqual({ blobs: 3, bytes: 5_000, present: 1 })
    expect(new Set(read)).toEqual(new Set(['b', 'c/d', 'e']))
  })

  test('a copy of the right size and other bytes, as a power cut may leave one, is made anew, and never read before', async () => {
    const from = await filled()
    const to = memoryBackend()
    const [half, whole] = [parseBlobKey('a'), parseBlobKey('b')]
    await to.put(half, source(Buffer.alloc(1_000)), {})
    await to.put(whole, source(await read(from, whole)), {})
    const movable = await movableOf(to, from)
    expect(await read(movable, half)).toEqual(await read(from, half))
    expect(await movable.copyFormer({})).toEqual({ blobs: 3, bytes: 5_000, present: 1 })
    movable.dropFormer()
    for (const key of KEYS) expect(await read(movable, key)).toEqual(await read(from, key))
  })

  test('says up to where all is done, and begins behind that', async () => {
    const from = await filled()
    const to = memoryBackend()
    let go = (): void => undefined
    const gate = new Promise<void>((resolve) => (go = resolve))
    const [first] = KEYS
    // The first blob is the last that is read to its end.
    const slow: Backend = Object.assign(Object.create(from) as Backend, { list: from.list.bind(from) })
    let reads = 0
    slow.get = async (key, options) => {
      if (key === first && reads++ === 0) await gate
      return from.get(key, options)
    }
    const through: (string | null)[] = []
    const onProgress = (step: { readonly blobs: number; readonly through: string | null }): void => {
      through.push(step.through)
      if (step.blobs === 3) go()
    }
    await copyBlobs(slow, to, { concurrency: 2, onProgress })
    expect(through).toEqual([null, null, null, 'e'])
    const again = memoryBackend()
    expect(await copyBlobs(from, again, { after: parseBlobKey('b') })).toEqual({ blobs: 2, bytes: 4_000, present: 0 })
    expect(await keysOf(again)).toEqual(['c/d', 'e'])
  })

  test('a copy that is not what was read is an error, and does not stay', async () => {
    const from = await filled()
    const inner = memoryBackend()
    const lying: Backend = Object.assign(Object.create(inner) as Backend, {
      contract: 1,
      put: (key: BlobKey, body: AsyncIterable<Uint8Array>, options: object) => inner.put(key, bent(body), options),
    })
    for (const name of ['list', 'get', 'delete'] as const) Object.assign(lying, { [name]: inner[name].bind(inner) })
    await expect(copyBlobs(from, lying, { concurrency: 1 })).rejects.toMatchObject({ code: 'ChecksumMismatch' })
    expect(await keysOf(inner)).toEqual([])
  })

  test('a blob that is deleted while it is copied is not brought back', async () => {
    const from = await filled()
    const to = memoryBackend()
    const movable = await movableOf(to, from)
    const gone = parseBlobKey('b')
    const late: Backend = Object.assign(Object.create(from) as Backend, { list: from.list.bind(from), delete: from.delete.bind(from) })
    // Deleted once its bytes are read, and before it is put: the second look finds that out.
    let looks = 0
    late.get = async (key, options) => {
      if (key === gone) looks += 1
      const bytes = await from.get(key, options)
      if (key === gone) await movable.delete([gone])
      return bytes
    }
    const copied = await copyBlobs(late, to, { concurrency: 1 })
    expect(copied).toEqual({ blobs: 3, bytes: 5_000, present: 0 })
    expect(looks).toBe(2)
    expect(await keysOf(movable)).toEqual(['a', 'c/d', 'e'])
    expect(await keysOf(to)).toEqual(['a', 'c/d', 'e'])
  })

  test('a put that fails before it reads leaves no blob open', async () => {
    const from = await filled()
    const to = memoryBackend()
    const streams: Readable[] = []
    const get = from.get.bind(from)
    Object.assign(from, { get: async (...call: Parameters<Backend['get']>) => streams[streams.push(await get(...call)) - 1] })
    Object.assign(to, { put: () => Promise.reject(new Error('no bucket')) })
    await expect(copyBlobs(from, to, { concurrency: 1 })).rejects.toThrow('no bucket')
    expect(streams.map(({ destroyed }) => destroyed)).toEqual([true])
  })

  test('stops when it is aborted', async () => {
    const from = await filled()
    const to = memoryBackend()
    const abort = new AbortController()
    const reason = new Error('enough')
    const copying = copyBlobs(from, to, { concurrency: 1, signal: abort.signal, onProgress: () => abort.abort(reason) })
    await expect(copying).rejects.toBe(reason)
    expect(await keysOf(to)).toEqual(['a'])
  })
})

async function* bent(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const chunk of body) yield chunk.map((byte) => byte ^ 1)
}
