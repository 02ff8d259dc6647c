import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { openClockedEngine } from '../../../test/clocked-engine.ts'
import type { ClockedEngine } from '../../../test/clocked-engine.ts'
import { bytesOf, chunked, describeOnEachStore, openTestEngine, overriding, readAll } from '../../../test/engine-matrix.ts'
import { memoryBackend } from '../../backend/memory-backend.ts'
import { checksumOf } from '../../checksums/running-checksum.ts'
import { allowAll } from '../../policy/allow-all.ts'
import { accountCaller } from '../../policy/caller.ts'
import type { Engine } from '../engine.ts'
import type { Limits } from '../limits.ts'
import { openEngine } from '../open-engine.ts'

const MD5 = (bytes: Uint8Array): string => createHash('md5').update(bytes).digest('hex')
const LIMITS = { inlineSizeMax: 1_000, appendBlobSizeMax: 5_000 }

/** What an unfinished upload consists of: its pieces, by their lengths, and which of them are blobs. */
async function piecesOf({ metadata }: Pick<ClockedEngine, 'metadata'>): Promise<readonly (readonly [number, string])[]> {
  const pieces: (readonly [number, string])[] = []
  for (let after: string | null = null, first = true; first || after !== null; first = false) {
    const page: Awaited<ReturnType<typeof metadata.inspection.manifests>> = await metadata.inspection.manifests({ after, limit: 100 })
    for (const { kind, size, extents } of page.rows) if (kind === 'part') pieces.push([size, extents[0]?.kind ?? 'none'])
    after = page.next
  }
  return pieces
}

describeOnEachStore('append', (store) => {
  test('grows by appends of every size, and becomes the object with its hashes', async () => {
    const engine = await openClockedEngine(store, { limits: LIMITS })
    const { session, bucket, expectClean } = engine
    const all = bytesOf(30_000)
    const created = await session.createAppendUpload({
      bucket,
      key: 'k',
      size: 30_000,
      checksumAlgorithm: 'SHA256',
      headers: { contentType: 'a/b' },
    })
    expect(created).toMatchObject({
      kind: 'append',
      offset: 0,
      declaredSize: 30_000,
      checksum: { algorithm: 'SHA256', type: 'FULL_OBJECT' },
    })
    const at = { bucket, key: 'k', uploadId: created.uploadId }
    let offset = 0
    for (const size of [0, 3, 400, 597, 1, 6_000, 999, 1, 1, 1_000, 17_000, 3_997, 1]) {
      const part = all.subarray(offset, offset + size)
      const state = await session.append({ ...at, offset, body: offset % 2 === 0 ? part : chunked(part, 700) })
      offset += size
      expect(state).toEqual({ offset, size: 30_000 })
      expect(await session.getAppendUpload(at)).toMatchObject({ offset, size: 30_000, upload: { uploadId: created.uploadId, offset } })
    }
    expect(offset).toBe(30_000)
    const object = await session.finishAppendUpload(at)
    const checksum = { algorithm: 'SHA256', type: 'FULL_OBJECT', value: checksumOf('SHA256', all).toString('base64') }
    expect(object).toMatchObject({ size: 30_000, etag: MD5(all), checksum, partCount: null, headers: { contentType: 'a/b' } })
    expect(await readAll(await (await session.getObject({ bucket, key: 'k' })).open())).toEqual(all)
    // Again, as after a lost answer.
    expect(await session.finishAppendUpload(at)).toEqual(object)
    expect(await session.getAppendUpload(at)).toMatchObject({ offset: 30_000, size: 30_000 })
    expect(await session.append({ ...at, offset: 30_000, body: new Uint8Array(0) })).toEqual({ offset: 30_000, size: 30_000 })
    await expect(session.append({ ...at, offset: 30_000, body: bytesOf(1) })).rejects.toMatchObject({ code: 'UploadNotFound' })
    await session.deleteObject({ bucket, key: 'k' })
    await expectClean(0)
    await engine.engine.close()
  })

  test('a long body is cut into blobs, each with its offset; small ends stay inline and are taken into the next blob', async () => {
    const engine = await openClockedEngine(store, { limits: LIMITS })
    const { session, bucket, expectClean } = engine
    const { uploadId } = await session.createAppendUpload({ bucket, key: 'k' })
    const at = { bucket, key: 'k', uploadId }
    const all = bytesOf(12_345 + 300 + 4_000)
    await session.append({ ...at, offset: 0, body: chunked(all.subarray(0, 10_800), 333) })
    expect(await piecesOf(engine)).toEqual([
      [5_000, 'blob'],
      [5_000, 'blob'],
      [800, 'inline'],
    ])
    await session.append({ ...at, offset: 10_800, body: all.subarray(10_800, 10_900) })
    expect((await piecesOf(engine)).slice(2)).toEqual([
      [800, 'inline'],
      [100, 'inline'],
    ])
    await session.append({ ...at, offset: 10_900, body: chunked(all.subarray(10_900), 1_000) })
    expect((await piecesOf(engine)).slice(2)).toEqual([
      [5_000, 'blob'],
      [645 + 1_000, 'blob'],
    ])
    expect((await session.finishAppendUpload(at)).etag).toBe(MD5(all))
    await expectClean(4)
    await engine.engine.close()
  })

  test('3 bytes at a time: rows stay few, whatever was rewritten leaves nothing behind', async () => {
    const engine = await openClockedEngine(store, { limits: LIMITS })
    const { session, bucket, expectClean } = engine
    const { uploadId } = await session.createAppendUpload({ bucket, key: 'k' })
    const at = { bucket, key: 'k', uploadId }
    const all = bytesOf(3 * 700)
    let rowsMax = 0
    for (let offset = 0; offset < all.length; offset += 3) {
      await session.append({ ...at, offset, body: all.subarray(offset, offset + 3) })
      if (offset % 99 === 0) rowsMax = Math.max(rowsMax, (await piecesOf(engine)).length)
    }
    expect(rowsMax).toBeLessThanOrEqual(40)
    const pieces = await piecesOf(engine)
    expect(pieces.filter(([, kind]) => kind === 'blob').map(([size]) => size)).toEqual([1_002, 1_002])
    await session.finishAppendUpload(at)
    expect(await readAll(await (await session.getObject({ bucket, key: 'k' })).open())).toEqual(all)
    await expectClean(2)
    await engine.engine.close()
  }, 60_000)

  test('a body that breaks off keeps what came of it', async () => {
    const engine = await openClockedEngine(store, { limits: LIMITS })
    const { session, bucket, expectClean } = engine
    const { uploadId } = await session.createAppendUpload({ bucket, key: 'k' })
    const at = { bucket, key: 'k', uploadId }
    const all = bytesOf(20_000)
    const broken = new Error('the line is dead')
    async function* until(start: number, end: number): AsyncGenerator<Uint8Array> {
      yield* chunked(all.subarray(start, end), 600)
      throw broken
    }
    await expect(session.append({ ...at, offset: 0, body: until(0, 0) })).rejects.toBe(broken)
    expect((await session.getAppendUpload(at)).offset).toBe(0)
    await expect(session.append({ ...at, offset: 0, body: until(0, 500) })).rejects.toBe(broken)
    expect((await session.getAppendUpload(at)).offset).toBe(500)
    await expect(session.append({ ...at, offset: 500, body: until(500, 13_000) })).rejects.toBe(broken)
    expect((await session.getAppendUpload(at)).offset).toBe(13_000)

    const controller = new AbortController()
    let returned = 0
    const hanging: AsyncIterable<Uint8Array> = {
      [Symbol.asyncIterator]: () => {
        let calls = 0
        return {
          next: () => {
            calls += 1
            if (calls === 1) return Promise.resolve({ done: false, value: all.subarray(13_000, 16_000) })
            setTimeout(() => controller.abort(broken))
            return new Promise(() => undefined)
          },
          return: async () => ({ done: true, value: (returned += 1) }),
        }
      },
    }
    await expect(session.append({ ...at, offset: 13_000, body: hanging, signal: controller.signal })).rejects.toBe(broken)
    expect(returned).toBe(1)
    expect((await session.getAppendUpload(at)).offset).toBe(16_000)
    await expect(session.append({ ...at, offset: 16_000, body: chunked(all.subarray(16_000), 1_000), size: 4_001 })).rejects.toMatchObject({
      code: 'IncompleteBody',
      details: { expected: 4_001, actual: 4_000 },
    })
    expect((await session.finishAppendUpload(at)).etag).toBe(MD5(all))
    expect(await readAll(await (await session.getObject({ bucket, key: 'k' })).open())).toEqual(all)
    await expectClean(5)
    await engine.engine.close()
  })

  test('an append that does not begin where the upload stands learns where that is', async () => {
    const { session, bucket, engine, expectClean } = await openClockedEngine(store, { limits: LIMITS })
    const { uploadId } = await session.createAppendUpload({ bucket, key: 'k' })
    const at = { bucket, key: 'k', uploadId }
    await session.append({ ...at, offset: 0, body: bytesOf(7) })
    for (const offset of [0, 6, 8]) {
      await expect(session.append({ ...at, offset, body: bytesOf(5) })).rejects.toMatchObject({
        code: 'OffsetMismatch',
        details: { expected: offset, actual: 7 },
      })
    }
    // Two at once: one of them was first.
    const both = await Promise.allSettled([2_000, 3_000].map((size) => session.append({ ...at, offset: 7, body: bytesOf(size) })))
    const [won] = both.filter((each) => each.status === 'fulfilled')
    const [lost] = both.filter((each) => each.status === 'rejected')
    const { offset } = await session.getAppendUpload(at)
    expect(won?.value.offset).toBe(offset)
    expect(lost?.reason).toMatchObject({ code: 'OffsetMismatch', details: { expected: 7, actual: offset } })
    await session.abortAppendUpload(at)
    await expect(session.getAppendUpload(at)).rejects.toMatchObject({ code: 'UploadNotFound' })
    await expectClean(0)
    await engine.close()
  })

  test('a length may be declared later, once, and is kept', async () => {
    const { session, bucket, engine } = await openTestEngine(store, { limits: { ...LIMITS, objectSizeMax: 9_000 } })
    const { uploadId, declaredSize } = await session.createAppendUpload({ bucket, key: 'k' })
    expect(declaredSize).toBeNull()
    const at = { bucket, key: 'k', uploadId }
    await session.append({ ...at, offset: 0, body: bytesOf(10) })
    await expect(session.append({ ...at, offset: 10, body: bytesOf(1), uploadSize: 9 })).rejects.toMatchObject({ code: 'InvalidArgument' })
    await expect(session.append({ ...at, offset: 10, body: bytesOf(1), uploadSize: 9_001 })).rejects.toMatchObject({
      code: 'ObjectTooLarge',
    })
    expect(await session.append({ ...at, offset: 10, body: new Uint8Array(0), uploadSize: 3_000 })).toEqual({ offset: 10, size: 3_000 })
    expect((await session.getAppendUpload(at)).size).toBe(3_000)
    await expect(session.append({ ...at, offset: 10, body: bytesOf(1), uploadSize: 3_001 })).rejects.toMatchObject({
      code: 'InvalidArgument',
    })
    await expect(session.append({ ...at, offset: 10, body: bytesOf(2_991) })).rejects.toMatchObject({
      code: 'ObjectTooLarge',
      details: { size: 3_001, max: 3_000 },
    })
    await expect(session.finishAppendUpload(at)).rejects.toMatchObject({
      code: 'IncompleteBody',
      details: { expected: 3_000, actual: 10 },
    })
    await expect(session.append({ ...at, offset: 10, body: chunked(bytesOf(2_995), 1_000) })).rejects.toMatchObject({
      code: 'ObjectTooLarge',
    })
    const { offset } = await session.getAppendUpload(at)
    expect(offset).toBe(3_000)
    expect((await session.finishAppendUpload(at)).size).toBe(3_000)
    for (const size of [-1, 0.5, 9_001]) {
      await expect(session.createAppendUpload({ bucket, key: 'k', size })).rejects.toMatchObject({
        code: size > 9_000 ? 'ObjectTooLarge' : 'InvalidArgument',
      })
    }
    await engine.close()
  })

  test('belongs to whom it belongs, and is no upload in parts', async () => {
    const { session, bucket, engine } = await openTestEngine(store)
    const { uploadId } = await session.createAppendUpload({ bucket, key: 'k' })
    const at = { bucket, key: 'k', uploadId }
    const stranger = engine.as(accountCaller('stranger'))
    for (const call of [
      () => stranger.append({ ...at, offset: 0, body: bytesOf(1) }),
      () => stranger.getAppendUpload(at),
      () => stranger.finishAppendUpload(at),
      () => stranger.abortAppendUpload(at),
      () => session.abortUpload(at),
      () => session.listParts(at),
      () => session.completeUpload({ ...at, parts: [{ partNumber: 1, etag: 'x' }] }),
    ]) {
      await expect(call()).rejects.toMatchObject({ code: 'UploadNotFound' })
    }
    // Nothing was appended: an empty object.
    expect(await session.finishAppendUpload(at)).toMatchObject({ size: 0, etag: MD5(bytesOf(0)) })
    await engine.close()
  })

  test('a commit that fails loses its step and no more', async () => {
    let failing = false
    const { session, bucket, engine, expectClean } = await openClockedEngine(store, {
      limits: LIMITS,
      wrapStore: (inner) =>
        overriding(inner, {
          commitAppend: (command) =>
            failing && command.expectedOffset >= 5_000 ? Promise.reject(new Error('down')) : inner.commitAppend(command),
        }),
    })
    const { uploadId } = await session.createAppendUpload({ bucket, key: 'k' })
    const at = { bucket, key: 'k', uploadId }
    const all = bytesOf(12_000)
    failing = true
    await expect(session.append({ ...at, offset: 0, body: chunked(all, 900) })).rejects.toThrow('down')
    failing = false
    expect((await session.getAppendUpload(at)).offset).toBe(5_000)
    await session.append({ ...at, offset: 5_000, body: all.subarray(5_000) })
    expect((await session.finishAppendUpload(at)).etag).toBe(MD5(all))
    await expectClean(3)
    await engine.close()
  })

  test('one that merges a tail that another one has just merged learns where the upload stands', async () => {
    let between: (() => Promise<unknown>) | null = null
    const { session, bucket, engine, expectClean } = await openClockedEngine(store, {
      limits: LIMITS,
      wrapStore: (inner) =>
        overriding(inner, {
          readAppendTail: async (query) => {
            const first = between
            between = null
            await first?.()
            return inner.readAppendTail(query)
          },
        }),
    })
    const { uploadId } = await session.createAppendUpload({ bucket, key: 'k' })
    const at = { bucket, key: 'k', uploadId }
    const all = bytesOf(2_000)
    await session.append({ ...at, offset: 0, body: all.subarray(0, 900) })
    between = () => session.append({ ...at, offset: 900, body: all.subarray(900) })
    await expect(session.append({ ...at, offset: 900, body: bytesOf(200) })).rejects.toMatchObject({
      code: 'OffsetMismatch',
      details: { expected: 900, actual: 2_000 },
    })
    expect((await session.finishAppendUpload(at)).etag).toBe(MD5(all))
    await expectClean(1)
    await engine.close()
  })

  test('goes on where the tail is longer than what may be inline by now', async () => {
    const metadata = await store.open()
    const staying = overriding(metadata, { open: () => Promise.resolve(), close: () => Promise.resolve() })
    const backend = memoryBackend()
    const bucket = { name: 'bucket' }
    const openWith = (limits: Partial<Limits>): Promise<Engine> => openEngine({ metadata: staying, backend, policy: allowAll(), limits })
    const first = await openWith(LIMITS)
    const owner = first.as(accountCaller('owner'))
    await owner.createBucket({ bucket })
    const { uploadId } = await owner.createAppendUpload({ bucket, key: 'k' })
    const at = { bucket, key: 'k', uploadId }
    const all = bytesOf(1_000)
    await owner.append({ ...at, offset: 0, body: all.subarray(0, 900) })
    await first.close()
    const second = await openWith({ inlineSizeMax: 10 })
    const session = second.as(accountCaller('owner'))
    expect(await session.append({ ...at, offset: 900, body: all.subarray(900) })).toEqual({ offset: 1_000, size: null })
    expect((await session.finishAppendUpload(at)).etag).toBe(MD5(all))
    await second.close()
    await metadata.close()
  })
})
