import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { openClockedEngine } from '../../../test/clocked-engine.ts'
import { bytesOf, describeOnEachStore, openTestEngine, overriding, readAll } from '../../../test/engine-matrix.ts'
import { memoryBackend } from '../../backend/memory-backend.ts'
import type { Backend } from '../../backend/backend.ts'
import { checksumOf } from '../../checksums/running-checksum.ts'
import { parseBlobKey } from '../../backend/blob-key.ts'

const MD5 = (bytes: Uint8Array): string => createHash('md5').update(bytes).digest('hex')
const LIMITS = { inlineSizeMax: 100, partSizeMin: 1 }

/** A backend that counts what is written to it and read from it. */
function countingBackend(): { readonly backend: Backend; readonly calls: { put: number; get: number } } {
  const inner = memoryBackend()
  const calls = { put: 0, get: 0 }
  const backend: Backend = {
    contract: 1,
    name: 'counting',
    limits: inner.limits,
    init: () => inner.init(),
    put: (key, body, options) => {
      calls.put += 1
      return inner.put(key, body, options)
    },
    get: (key, options) => {
      calls.get += 1
      return inner.get(key, options)
    },
    delete: (keys, options) => inner.delete(keys, options),
    list: (options) => inner.list(options),
    close: () => inner.close(),
  }
  return { backend, calls }
}

describeOnEachStore('uploadPartCopy', (store) => {
  test('shares the source’s bytes: whole, in the middle of an extent, over several, and inline', async () => {
    const { backend, calls } = countingBackend()
    const { session, bucket, engine, expectClean } = await openClockedEngine(store, { limits: LIMITS, backend })
    const source = { bucket, key: 'source' }
    const first = await session.createUpload(source)
    const pieces = [bytesOf(5_000, 1), bytesOf(60, 2), bytesOf(4_000, 3)]
    const listed = []
    for (const [index, body] of pieces.entries()) {
      const { etag } = await session.uploadPart({ ...source, uploadId: first.uploadId, partNumber: index + 1, body })
      listed.push({ partNumber: index + 1, etag })
    }
    await session.completeUpload({ ...source, uploadId: first.uploadId, parts: listed })
    const all = Buffer.concat(pieces)
    const plain = await session.putObject({ bucket, key: 'plain', body: bytesOf(3_000, 4) })
    const { uploadId } = await session.createUpload({ bucket, key: 'k' })
    const at = { bucket, key: 'k', uploadId }
    const written = calls.put
    const ranges = [undefined, { start: 100, end: 300 }, { start: 4_990, end: 5_200 }, { start: 5_010, end: 5_050 }]
    const parts = []
    for (const [index, range] of ranges.entries()) {
      const copy = await session.uploadPartCopy({ ...at, partNumber: index + 1, source: { ...source, ...(range ? { range } : {}) } })
      const bytes = range ? all.subarray(range.start, range.end) : all
      expect(copy).toEqual({
        part: { partNumber: index + 1, size: bytes.length, etag: MD5(bytes), checksum: null, createdAt: expect.any(Date) },
        sourceVersionId: 'null',
      })
      parts.push({ partNumber: index + 1, etag: copy.part.etag })
    }
    const reads = calls.get
    const last = await session.uploadPartCopy({ ...at, partNumber: 5, source: { bucket, key: 'plain' } })
    expect(last.part.etag).toBe(plain.etag)
    // Its row knows its MD5: not read. And nothing was written.
    expect([calls.get, calls.put]).toEqual([reads, written])
    await session.completeUpload({ ...at, parts: [...parts, { partNumber: 5, etag: last.part.etag }] })
    await session.deleteObjects({ bucket, objects: [{ key: 'source' }, { key: 'plain' }] })
    await expectClean(3)
    const expected = Buffer.concat([all, ...ranges.slice(1).map((range) => all.subarray(range?.start, range?.end)), bytesOf(3_000, 4)])
    expect(await readAll(await (await session.getObject({ bucket, key: 'k' })).open())).toEqual(expected)
    await session.deleteObject({ bucket, key: 'k' })
    await expectClean(0)
    await engine.close()
  })

  test('two parts that share one blob: sending one again leaves the other its bytes', async () => {
    const { session, bucket, engine, collect, expectClean } = await openClockedEngine(store, { limits: LIMITS })
    await session.putObject({ bucket, key: 'source', body: bytesOf(5_000, 1) })
    const { uploadId } = await session.createUpload({ bucket, key: 'k' })
    const at = { bucket, key: 'k', uploadId }
    const source = { bucket, key: 'source' }
    await session.uploadPartCopy({ ...at, partNumber: 1, source })
    const second = await session.uploadPartCopy({ ...at, partNumber: 2, source })
    await session.deleteObject({ bucket, key: 'source' })
    const first = await session.uploadPart({ ...at, partNumber: 1, body: bytesOf(3_000, 2) })
    await collect()
    const parts = [first, second.part].map(({ partNumber, etag }) => ({ partNumber, etag }))
    await session.completeUpload({ ...at, parts })
    const got = await readAll(await (await session.getObject({ bucket, key: 'k' })).open())
    expect(got).toEqual(Buffer.concat([bytesOf(3_000, 2), bytesOf(5_000, 1)]))
    await expectClean(2)
    await engine.close()
  })

  test('keeps the upload’s checksum, from the source’s row where that has it', async () => {
    const { backend, calls } = countingBackend()
    const { session, bucket, engine } = await openTestEngine(store, { limits: LIMITS, backend })
    const bytes = bytesOf(5_000)
    const value = checksumOf('CRC64NVME', bytes).toString('base64')
    await session.putObject({ bucket, key: 'with', body: bytes, checksumAlgorithm: 'CRC64NVME' })
    await session.putObject({ bucket, key: 'without', body: bytes })
    const { uploadId } = await session.createUpload({ bucket, key: 'k', checksum: { algorithm: 'CRC64NVME' } })
    const at = { bucket, key: 'k', uploadId }
    for (const [index, key] of ['with', 'without'].entries()) {
      const { part } = await session.uploadPartCopy({ ...at, partNumber: index + 1, source: { bucket, key } })
      expect(part).toMatchObject({ etag: MD5(bytes), checksum: { algorithm: 'CRC64NVME', type: 'FULL_OBJECT', value } })
      expect(calls.get).toBe(index)
    }
    await engine.close()
  })

  test('refuses as a read of the source does, and ranges that are not in it', async () => {
    const { session, bucket, engine } = await openTestEngine(store, { limits: { ...LIMITS, partSizeMax: 5_000 } })
    const { etag } = await session.putObject({ bucket, key: 'source', body: bytesOf(6_000) })
    const { uploadId } = await session.createUpload({ bucket, key: 'k' })
    const at = { bucket, key: 'k', uploadId, partNumber: 1 }
    const source = { bucket, key: 'source', range: { start: 0, end: 10 } }
    const refused: readonly (readonly [object, object])[] = [
      [{ source: { bucket, key: 'nothing' } }, { code: 'ObjectNotFound' }],
      [{ source: { bucket: { name: 'nothing' }, key: 'source' } }, { code: 'BucketNotFound' }],
      [{ source: { ...source, versionId: 'x' } }, { code: 'VersionNotFound' }],
      [{ source: { ...source, conditions: { ifMatch: ['x'] } } }, { code: 'PreconditionFailed' }],
      [{ source: { ...source, conditions: { ifNoneMatch: [etag] } } }, { code: 'PreconditionFailed' }],
      [{ source: { ...source, range: { start: 0, end: 6_001 } } }, { code: 'InvalidRange', details: { size: 6_000 } }],
      [{ source: { ...source, range: { start: -1, end: 5 } } }, { code: 'InvalidArgument' }],
      [{ source: { ...source, range: { start: 5, end: 4 } } }, { code: 'InvalidArgument' }],
      [{ source: { bucket, key: 'source' } }, { code: 'ObjectTooLarge', details: { size: 6_000, max: 5_000 } }],
      [{ source, uploadId: 'x' }, { code: 'UploadNotFound' }],
      [{ source, partNumber: 0 }, { code: 'InvalidArgument' }],
    ]
    for (const [input, error] of refused) {
      await expect(session.uploadPartCopy({ ...at, source, ...input })).rejects.toMatchObject(error)
    }
    const conditions = { ifMatch: [etag], ifUnmodifiedSince: new Date(0) }
    expect((await session.uploadPartCopy({ ...at, source: { ...source, conditions } })).part.size).toBe(10)
    await engine.close()
  })

  test('a source that is replaced before the commit is read again', async () => {
    let meddle: (() => Promise<unknown>) | null = null
    const { session, bucket, engine, expectClean } = await openClockedEngine(store, {
      limits: LIMITS,
      wrapStore: (inner) =>
        overriding(inner, {
          commitPart: async (command) => {
            const now = meddle
            meddle = null
            await now?.()
            return inner.commitPart(command)
          },
        }),
    })
    await session.putObject({ bucket, key: 'source', body: bytesOf(5_000, 1) })
    const { uploadId } = await session.createUpload({ bucket, key: 'k' })
    const at = { bucket, key: 'k', uploadId, partNumber: 1 }
    meddle = () => session.putObject({ bucket, key: 'source', body: bytesOf(4_000, 2) })
    const { part } = await session.uploadPartCopy({ ...at, source: { bucket, key: 'source', range: { start: 10, end: 3_000 } } })
    expect(part.etag).toBe(MD5(bytesOf(4_000, 2).subarray(10, 3_000)))
    await session.putObject({ bucket, key: 'source', body: bytesOf(4_000, 3) })
    meddle = () => session.deleteObject({ bucket, key: 'source' })
    const gone = session.uploadPartCopy({ ...at, partNumber: 2, source: { bucket, key: 'source', range: { start: 0, end: 9 } } })
    await expect(gone).rejects.toMatchObject({ code: 'ObjectNotFound' })
    await session.completeUpload({ ...at, parts: [{ partNumber: 1, etag: part.etag }] })
    await expectClean(1)
    await engine.close()
  })

  test('copies race the collector over the last reference: each ends with its bytes or without its source', async () => {
    const test = await openClockedEngine(store, { limits: { ...LIMITS, garbageGraceSeconds: 0 } })
    const { session, bucket, engine, time, metadata, expectClean } = test
    let [copied, refused] = [0, 0]
    for (let round = 0; round < 40; round += 1) {
      const body = bytesOf(2_000, round)
      await session.putObject({ bucket, key: 'source', body })
      const { uploadId } = await session.createUpload({ bucket, key: 'k' })
      const at = { bucket, key: 'k', uploadId, partNumber: 1 }
      const copy = session.uploadPartCopy({ ...at, source: { bucket, key: 'source' } }).then(
        ({ part }) => part,
        (error: { readonly code: string }) => error.code,
      )
      const whole = session.copyObject({ bucket, key: 'copy', source: { bucket, key: 'source' } }).then(
        () => 'copied',
        (error: { readonly code: string }) => error.code,
      )
      const remove = session.deleteObject({ bucket, key: 'source' })
      time.advance(2)
      const claim = metadata.claimGarbage({ graceSeconds: 0, leaseSeconds: 1_000_000, limit: 10 }).then(async (blobs) => {
        // What is claimed is deleted: exactly what a collector does.
        await test.backend.delete(blobs.map(({ blob }) => parseBlobKey(blob)))
        await metadata.forgetGarbage(blobs)
      })
      const [part, copiedWhole] = await Promise.all([copy, whole, remove, claim])
      expect(['copied', 'ObjectNotFound']).toContain(copiedWhole)
      if (copiedWhole === 'copied') {
        expect(await readAll(await (await session.getObject({ bucket, key: 'copy' })).open())).toEqual(body)
        await session.deleteObject({ bucket, key: 'copy' })
      }
      if (typeof part === 'string') {
        expect(part).toBe('ObjectNotFound')
        refused += 1
        await session.abortUpload(at)
        continue
      }
      await session.completeUpload({ ...at, parts: [{ partNumber: 1, etag: part.etag }] })
      expect(await readAll(await (await session.getObject({ bucket, key: 'k' })).open())).toEqual(body)
      copied += 1
    }
    expect(copied + refused).toBe(40)
    await session.deleteObject({ bucket, key: 'k' })
    await expectClean(0)
    await engine.close()
  })
})
