import { expect, test } from 'vitest'
import { bytesOf, describeOnEachStore, openTestEngine, overriding, readAll } from '../../test/engine-matrix.ts'
import { memoryBackend } from '../backend/memory-backend.ts'
import type { GetObjectInput, OpenedObject } from './inputs.ts'

const LIMITS = { inlineSizeMax: 100 }

async function contentOf(opened: OpenedObject): Promise<Buffer> {
  return opened.bytes === null ? readAll(await opened.open()) : Buffer.from(opened.bytes)
}

describeOnEachStore('getObject', (store) => {
  test.each([100, 5_000])('gives the range that was asked for of %i bytes', async (size) => {
    const { session, bucket, engine } = await openTestEngine(store, { limits: LIMITS })
    const bytes = bytesOf(size)
    await session.putObject({ bucket, key: 'k', body: bytes })
    const cases: readonly [NonNullable<GetObjectInput['range']>, number, number][] = [
      [{ start: 0 }, 0, size],
      [{ start: 0, end: 1 }, 0, 1],
      [{ start: 10, end: 20 }, 10, 20],
      [{ start: size - 1 }, size - 1, size],
      [{ start: 5, end: Number.MAX_SAFE_INTEGER }, 5, size],
      [{ suffix: 1 }, size - 1, size],
      [{ suffix: size * 2 }, 0, size],
      [{ part: 1 }, 0, size],
    ]
    for (const [range, start, end] of cases) {
      const opened = await session.getObject({ bucket, key: 'k', range })
      expect(opened).toMatchObject({ range: { start, end }, length: end - start })
      expect((await contentOf(opened)).equals(bytes.subarray(start, end)), JSON.stringify(range)).toBe(true)
      const head = await session.headObject({ bucket, key: 'k', range })
      expect(head).toMatchObject({ range: { start, end }, length: end - start, info: opened.info })
    }
    for (const range of [{ start: size }, { suffix: 0 }, { part: 2 }]) {
      const failure = { code: 'InvalidRange', details: { size } }
      await expect(session.getObject({ bucket, key: 'k', range })).rejects.toMatchObject(failure)
      await expect(session.headObject({ bucket, key: 'k', range })).rejects.toMatchObject(failure)
    }
    for (const range of [{ start: -1 }, { start: 5, end: 5 }, { start: 0.5 }, { part: 0 }, { suffix: Number.NaN }]) {
      await expect(session.getObject({ bucket, key: 'k', range })).rejects.toMatchObject({ code: 'InvalidArgument' })
    }
    await engine.close()
  })

  test('nothing of an empty object is a range, and all of it is no bytes', async () => {
    const { session, bucket, engine } = await openTestEngine(store)
    await session.putObject({ bucket, key: 'k', body: bytesOf(0) })
    const opened = await session.getObject({ bucket, key: 'k' })
    expect(opened).toMatchObject({ length: 0, range: null })
    expect(await readAll(await opened.open())).toHaveLength(0)
    for (const range of [{ start: 0 }, { suffix: 5 }]) {
      await expect(session.getObject({ bucket, key: 'k', range })).rejects.toMatchObject({ code: 'InvalidRange', details: { size: 0 } })
    }
    await engine.close()
  })

  test('a part has its own checksum, of the type of the whole; a range has none', async () => {
    const { session, bucket } = await openTestEngine(store, { limits: { ...LIMITS, partSizeMin: 1 } })
    for (const type of ['COMPOSITE', 'FULL_OBJECT'] as const) {
      const key = type
      const { uploadId } = await session.createUpload({ bucket, key, checksum: { algorithm: 'CRC32', type } })
      const parts = []
      for (const [index, body] of [bytesOf(3_000, 1), bytesOf(10, 2)].entries())
        parts.push(await session.uploadPart({ bucket, key, uploadId, partNumber: index + 1, body }))
      const info = await session.completeUpload({
        bucket,
        key,
        uploadId,
        parts: parts.map(({ partNumber, etag, checksum }) => ({ partNumber, etag, ...(checksum === null ? {} : { checksum }) })),
      })
      expect(info.checksum).toMatchObject({ algorithm: 'CRC32', type })
      for (const { partNumber, checksum } of parts) {
        const { checksum: shown } = await session.headObject({ bucket, key, range: { part: partNumber } })
        expect(shown).toEqual({ ...checksum, type })
      }
      expect(await session.headObject({ bucket, key })).toMatchObject({ checksum: info.checksum })
      expect(await session.headObject({ bucket, key, range: { start: 0 } })).toMatchObject({ checksum: null })
    }
  })

  test('an object of parts is read by part, and across them', async () => {
    const { session, bucket, engine } = await openTestEngine(store, { limits: { ...LIMITS, partSizeMin: 1 } })
    const key = 'k'
    const { uploadId } = await session.createUpload({ bucket, key })
    const bytes = [bytesOf(3_000, 1), bytesOf(1, 2), bytesOf(2_000, 3)]
    const numbers = [1, 4, 9]
    const parts = await Promise.all(
      bytes.map((body, index) => session.uploadPart({ bucket, key, uploadId, partNumber: numbers[index] ?? 0, body })),
    )
    const info = await session.completeUpload({
      bucket,
      key,
      uploadId,
      parts: parts.map(({ partNumber, etag }) => ({ partNumber, etag })),
    })
    const whole = Buffer.concat(bytes)
    expect((await contentOf(await session.getObject({ bucket, key }))).equals(whole)).toBe(true)
    for (const [index, part] of numbers.entries()) {
      const opened = await session.getObject({ bucket, key, range: { part } })
      expect(opened).toMatchObject({ length: bytes[index]?.length, info: { etag: info.etag, partCount: 3 } })
      expect((await contentOf(opened)).equals(bytes[index] ?? Buffer.of())).toBe(true)
    }
    expect(await session.headObject({ bucket, key, range: { part: 1 } })).toMatchObject({ checksum: null })
    await expect(session.headObject({ bucket, key, range: { part: 2 } })).rejects.toMatchObject({ code: 'InvalidRange' })
    const across = await session.getObject({ bucket, key, range: { start: 2_990, end: 3_010 } })
    expect((await contentOf(across)).equals(whole.subarray(2_990, 3_010))).toBe(true)

    const first = await session.listObjectParts({ bucket, key, limit: 2 })
    expect(first).toMatchObject({
      parts: [
        { partNumber: 1, size: 3_000 },
        { partNumber: 4, size: 1 },
      ],
      next: 4,
    })
    const second = await session.listObjectParts({ bucket, key, limit: 2, partNumberMarker: first.next ?? 0 })
    expect(second).toMatchObject({ parts: [{ partNumber: 9 }], next: null })
    await session.putObject({ bucket, key: 'plain', body: bytesOf(1) })
    expect(await session.listObjectParts({ bucket, key: 'plain' })).toEqual({ parts: [], next: null })
    await expect(session.listObjectParts({ bucket, key: 'gone' })).rejects.toMatchObject({ code: 'ObjectNotFound' })
    await expect(session.listObjectParts({ bucket, key, partNumberMarker: -1 })).rejects.toMatchObject({ code: 'InvalidArgument' })
    await engine.close()
  })

  test('conditions, in the order of RFC 9110', async () => {
    const { session, bucket, engine } = await openTestEngine(store)
    const { etag, createdAt } = await session.putObject({ bucket, key: 'k', body: bytesOf(1) })
    const before = new Date(createdAt.getTime() - 5_000)
    const after = new Date(createdAt.getTime() + 5_000)
    const get = (conditions: GetObjectInput['conditions'], key = 'k'): Promise<unknown> =>
      session.getObject({ bucket, key, ...(conditions === undefined ? {} : { conditions }) })
    const notModified = { code: 'NotModified', details: { etag, lastModified: createdAt } }
    const failed = (condition: string): object => ({ code: 'PreconditionFailed', details: { condition } })
    await expect(get({ ifMatch: [etag] })).resolves.toBeDefined()
    await expect(get({ ifMatch: ['x'] })).rejects.toMatchObject(failed('if-match'))
    await expect(get({ ifNoneMatch: [etag] })).rejects.toMatchObject(notModified)
    await expect(get({ ifNoneMatch: '*' })).rejects.toMatchObject(notModified)
    await expect(get({ ifModifiedSince: after })).rejects.toMatchObject(notModified)
    await expect(get({ ifModifiedSince: before })).resolves.toBeDefined()
    await expect(get({ ifUnmodifiedSince: before })).rejects.toMatchObject(failed('if-unmodified-since'))
    await expect(get({ ifMatch: [etag], ifUnmodifiedSince: before })).resolves.toBeDefined()
    await expect(get({ ifNoneMatch: ['x'], ifModifiedSince: after })).resolves.toBeDefined()
    await expect(get({ ifMatch: [etag], ifNoneMatch: [etag] })).rejects.toMatchObject(notModified)
    await expect(get({ ifMatch: '*' }, 'nothing')).rejects.toMatchObject({ code: 'ObjectNotFound' })
    await engine.close()
  })

  test('versions and delete markers', async () => {
    const { session, bucket, engine } = await openTestEngine(store, { versioning: 'enabled' })
    const first = await session.putObject({ bucket, key: 'k', body: Buffer.from('first') })
    const second = await session.putObject({ bucket, key: 'k', body: Buffer.from('second') })
    expect(first.versionId).not.toBe(second.versionId)
    expect((await session.getObject({ bucket, key: 'k' })).info).toEqual(second)
    const old = await session.getObject({ bucket, key: 'k', versionId: first.versionId })
    expect(old.info).toEqual({ ...first, latest: false })
    expect((await contentOf(old)).toString()).toBe('first')

    const marker = await session.deleteObject({ bucket, key: 'k' })
    expect(marker).toMatchObject({ deleteMarker: true })
    const versionId = marker.versionId ?? ''
    await expect(session.getObject({ bucket, key: 'k' })).rejects.toMatchObject({ code: 'ObjectNotFound' })
    await expect(session.headObject({ bucket, key: 'k', versionId })).rejects.toMatchObject({
      code: 'DeleteMarkerFound',
      details: { versionId },
    })
    await expect(session.headObject({ bucket, key: 'k', versionId: 'nonsense' })).rejects.toMatchObject({ code: 'VersionNotFound' })
    await expect(session.headObject({ bucket, key: 'k', versionId: 'a\0b' })).rejects.toMatchObject({ code: 'InvalidArgument' })

    expect(await session.deleteObject({ bucket, key: 'k', versionId })).toEqual({ versionId, deleteMarker: true })
    expect((await session.getObject({ bucket, key: 'k' })).info.versionId).toBe(second.versionId)
    await engine.close()
  })

  test('a reader keeps the object it has opened, whatever is written meanwhile', async () => {
    const { session, bucket, engine } = await openTestEngine(store, { limits: LIMITS })
    await session.putObject({ bucket, key: 'k', body: bytesOf(5_000, 1) })
    const opened = await session.getObject({ bucket, key: 'k' })
    await session.putObject({ bucket, key: 'k', body: bytesOf(5_000, 2) })
    await session.deleteObject({ bucket, key: 'k' })
    expect((await contentOf(opened)).equals(bytesOf(5_000, 1))).toBe(true)
    await expect(opened.open()).rejects.toThrow('once')
    await engine.close()
  })

  test('the heartbeat says how old the oldest open read is, until the stream is closed', async () => {
    const ages: (number | null)[] = []
    const { session, bucket, engine } = await openTestEngine(store, {
      limits: { ...LIMITS, heartbeatIntervalSeconds: 0.01 },
      wrapStore: (inner) =>
        overriding(inner, {
          heartbeat: (beat) => {
            ages.push(beat.oldestReadAgeMs)
            return inner.heartbeat(beat)
          },
        }),
    })
    const next = async (): Promise<number | null | undefined> => {
      const seen = ages.length
      await expect.poll(() => ages.length).toBeGreaterThan(seen + 1)
      return ages.at(-1)
    }
    await session.putObject({ bucket, key: 'k', body: bytesOf(5_000) })
    await session.putObject({ bucket, key: 'small', body: bytesOf(5) })
    await session.getObject({ bucket, key: 'small' })
    await session.headObject({ bucket, key: 'k' })
    await expect(session.getObject({ bucket, key: 'nothing' })).rejects.toMatchObject({ code: 'ObjectNotFound' })
    expect(await next()).toBe(null)

    const closed = await session.getObject({ bucket, key: 'k' })
    expect(await next()).toBeGreaterThanOrEqual(0)
    closed.close()
    expect(await next()).toBe(null)

    const read = await session.getObject({ bucket, key: 'k' })
    const stream = await read.open()
    read.close()
    expect(await next(), 'a stream that is open goes on').toBeGreaterThanOrEqual(0)
    await readAll(stream)
    expect(await next()).toBe(null)

    const destroyed = await (await session.getObject({ bucket, key: 'k' })).open()
    destroyed.destroy()
    expect(await next()).toBe(null)
    await engine.close()
  })

  test('a blob that is gone, or too short, is damage: never a short answer', async () => {
    const backend = memoryBackend()
    const { session, bucket, engine } = await openTestEngine(store, { limits: LIMITS, backend })
    await session.putObject({ bucket, key: 'k', body: bytesOf(5_000) })
    for await (const { key } of backend.list({ prefix: '' })) {
      await backend.put(
        key,
        (async function* () {
          yield bytesOf(4_000)
        })(),
        {},
      )
      await expect((await session.getObject({ bucket, key: 'k' })).open()).rejects.toMatchObject({ code: 'BlobDamaged' })
      await backend.delete([key])
    }
    await expect((await session.getObject({ bucket, key: 'k' })).open()).rejects.toMatchObject({ code: 'BlobNotFound' })
    await engine.close()
  })
})
