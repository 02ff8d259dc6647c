import { expect, test } from 'vitest'
import { openClockedEngine } from '../../test/clocked-engine.ts'
import { bytesOf, chunked, describeOnEachStore, readAll } from '../../test/engine-matrix.ts'

const LIMITS = { inlineSizeMax: 100, partSizeMin: 1, appendBlobSizeMax: 1_000 }
const TOO_MANY = { code: 'LimitExceeded', details: { limit: 'objectExtentsMax', max: 5 } }

describeOnEachStore('the limit of extents', (store) => {
  test('parts that are copies do not multiply without end; the upload stays usable', async () => {
    const { session, bucket, engine, expectClean } = await openClockedEngine(store, { limits: { ...LIMITS, objectExtentsMax: 5 } })
    const source = { bucket, key: 'source' }
    const first = { ...source, uploadId: (await session.createUpload(source)).uploadId }
    const listed = []
    for (const partNumber of [1, 2, 3]) {
      const { etag } = await session.uploadPart({ ...first, partNumber, body: bytesOf(500, partNumber) })
      listed.push({ partNumber, etag })
    }
    await session.completeUpload({ ...first, parts: listed })
    const at = { bucket, key: 'k', uploadId: (await session.createUpload({ bucket, key: 'k' })).uploadId }
    const { part } = await session.uploadPartCopy({ ...at, partNumber: 1, source })
    await expect(session.uploadPartCopy({ ...at, partNumber: 2, source })).rejects.toMatchObject(TOO_MANY)
    const two = { ...source, range: { start: 0, end: 600 } }
    const second = await session.uploadPartCopy({ ...at, partNumber: 2, source: two })
    await expect(session.uploadPartCopy({ ...at, partNumber: 3, source: two })).rejects.toMatchObject(TOO_MANY)
    // One extent alone is no multiplication; what is completed is counted all the same.
    const third = await session.uploadPart({ ...at, partNumber: 3, body: bytesOf(300, 4) })
    const parts = [part, second.part, third].map(({ partNumber, etag }) => ({ partNumber, etag }))
    await expect(session.completeUpload({ ...at, parts })).rejects.toMatchObject(TOO_MANY)
    expect((await session.listParts(at)).parts).toHaveLength(3)
    expect((await session.completeUpload({ ...at, parts: parts.slice(0, 2) })).size).toBe(2_100)
    // A copy shares what is there, and adds nothing to it.
    await session.copyObject({ bucket, key: 'copy', source: { bucket, key: 'k' } })
    await expectClean(3)
    await engine.close()
  })

  test('copies that are made at the same time are counted one after the other', async () => {
    const { session, bucket, engine } = await openClockedEngine(store, { limits: { ...LIMITS, objectExtentsMax: 5 } })
    const source = { bucket, key: 'source' }
    const first = { ...source, uploadId: (await session.createUpload(source)).uploadId }
    const sent = await Promise.all([1, 2].map((partNumber) => session.uploadPart({ ...first, partNumber, body: bytesOf(500, partNumber) })))
    await session.completeUpload({ ...first, parts: sent.map(({ partNumber, etag }) => ({ partNumber, etag })) })
    const at = { bucket, key: 'k', uploadId: (await session.createUpload({ bucket, key: 'k' })).uploadId }
    const copies = await Promise.allSettled([1, 2, 3, 4].map((partNumber) => session.uploadPartCopy({ ...at, partNumber, source })))
    expect(copies.filter(({ status }) => status === 'fulfilled')).toHaveLength(2)
    for (const copy of copies) if (copy.status === 'rejected') expect(copy.reason).toMatchObject(TOO_MANY)
    await engine.close()
  })

  test('appends end at the limit, before a blob is written; what came until then is an object', async () => {
    const { session, bucket, engine, expectClean } = await openClockedEngine(store, { limits: { ...LIMITS, objectExtentsMax: 5 } })
    const { uploadId } = await session.createAppendUpload({ bucket, key: 'k' })
    const at = { bucket, key: 'k', uploadId }
    const all = bytesOf(6_000)
    for (const [start, end] of [
      [0, 1_000],
      [1_000, 2_500],
      [2_500, 2_510],
    ] as const) {
      await session.append({ ...at, offset: start, body: all.subarray(start, end) })
    }
    // 1,000, 1,000, 500 and an inline tail of 10; the next blob takes the tail in, and a last one finds no room.
    await expect(session.append({ ...at, offset: 2_510, body: chunked(all.subarray(2_510), 700) })).rejects.toMatchObject(TOO_MANY)
    const { offset } = await session.getAppendUpload(at)
    expect(offset).toBe(4_500)
    await expect(session.append({ ...at, offset, body: all.subarray(offset, offset + 1) })).rejects.toMatchObject(TOO_MANY)
    await session.finishAppendUpload(at)
    expect(await readAll(await (await session.getObject({ bucket, key: 'k' })).open())).toEqual(all.subarray(0, offset))
    await expectClean(5)
    await engine.close()
  })
})
