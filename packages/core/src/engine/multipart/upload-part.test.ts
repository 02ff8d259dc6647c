import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { openClockedEngine } from '../../../test/clocked-engine.ts'
import { bytesOf, chunked, describeOnEachStore, openTestEngine, readAll } from '../../../test/engine-matrix.ts'
import { checksumOf } from '../../checksums/running-checksum.ts'
import { accountCaller, ANONYMOUS } from '../../policy/caller.ts'

const MD5 = (bytes: Uint8Array): string => createHash('md5').update(bytes).digest('hex')
const LIMITS = { inlineSizeMax: 100, partSizeMin: 1 }

describeOnEachStore('uploadPart', (store) => {
  test('parts arrive in any order, large and small, and become the object in theirs', async () => {
    const { session, bucket, engine, expectClean } = await openClockedEngine(store, { limits: LIMITS })
    const upload = await session.createUpload({ bucket, key: 'k', headers: { contentType: 'a/b' }, userMetadata: { a: '1' } })
    const at = { bucket, key: 'k', uploadId: upload.uploadId }
    const bytes = [bytesOf(5_000, 1), bytesOf(50, 2), bytesOf(0), bytesOf(7_000, 3)]
    const second = await session.uploadPart({ ...at, partNumber: 7, body: chunked(bytes[3]!, 1_000), size: 7_000 })
    expect(second).toEqual({ partNumber: 7, size: 7_000, etag: MD5(bytes[3]!), checksum: null, createdAt: expect.any(Date) })
    for (const [index, partNumber] of [1, 2, 3].entries()) {
      await session.uploadPart({ ...at, partNumber, body: chunked(bytes[index]!, 999) })
    }
    const listed = await session.listParts(at)
    expect(listed.upload).toEqual(upload)
    expect(listed.parts.map(({ partNumber, size, etag }) => [partNumber, size, etag])).toEqual(
      [1, 2, 3, 7].map((partNumber, index) => [partNumber, bytes[index]!.length, MD5(bytes[index]!)]),
    )
    const parts = listed.parts.map(({ partNumber, etag }) => ({ partNumber, etag }))
    await expect(session.completeUpload({ ...at, parts: [...parts.slice(0, 2), parts[3]!, parts[2]!] })).rejects.toMatchObject({
      code: 'InvalidPartOrder',
      details: { partNumber: 3 },
    })
    const object = await session.completeUpload({ ...at, parts: parts.filter(({ partNumber }) => partNumber !== 3) })
    const digests = [0, 1, 3].map((index) => Buffer.from(MD5(bytes[index]!), 'hex'))
    expect(object).toMatchObject({ size: 12_050, partCount: 3, etag: `${MD5(Buffer.concat(digests))}-3`, userMetadata: { a: '1' } })
    const got = await session.getObject({ bucket, key: 'k' })
    expect(await readAll(await got.open())).toEqual(Buffer.concat(bytes))
    await expectClean(2)
    await engine.close()
  })

  test('a part sent again replaces the former one, whose blob becomes garbage', async () => {
    const { session, bucket, engine, collect, expectClean } = await openClockedEngine(store, { limits: LIMITS })
    const { uploadId } = await session.createUpload({ bucket, key: 'k' })
    const at = { bucket, key: 'k', uploadId, partNumber: 1 }
    await session.uploadPart({ ...at, body: bytesOf(5_000, 1) })
    const { etag } = await session.uploadPart({ ...at, body: bytesOf(6_000, 2) })
    expect(await collect()).toEqual({ blobs: 1, uploads: 0 })
    await session.completeUpload({ ...at, parts: [{ partNumber: 1, etag }] })
    expect(await readAll(await (await session.getObject({ bucket, key: 'k' })).open())).toEqual(bytesOf(6_000, 2))
    await expectClean(1)
    await engine.close()
  })

  test('refuses before the body is read what cannot become a part, and tells the body', async () => {
    const { session, bucket, engine, owner } = await openTestEngine(store, { limits: { ...LIMITS, partSizeMax: 1_000 } })
    const { uploadId } = await session.createUpload({ bucket, key: 'k', checksum: { algorithm: 'SHA256' } })
    const at = { bucket, key: 'k', uploadId, partNumber: 1 }
    let [read, returned] = [0, 0]
    const body = (): AsyncIterable<Uint8Array> => ({
      [Symbol.asyncIterator]: () => ({
        next: async () => ({ done: (read += 1) > 5, value: bytesOf(1) }),
        return: async () => ({ done: true, value: (returned += 1) }),
      }),
    })
    const refused: readonly (readonly [object, object])[] = [
      [{ partNumber: 0 }, { code: 'InvalidArgument' }],
      [{ partNumber: 10_001 }, { code: 'InvalidArgument' }],
      [{ partNumber: 1.5 }, { code: 'InvalidArgument' }],
      [{ uploadId: 'x' }, { code: 'UploadNotFound', details: { uploadId: 'x' } }],
      [{ uploadId: 'x\0' }, { code: 'UploadNotFound' }],
      [{ key: 'other' }, { code: 'UploadNotFound' }],
      [{ size: 1_001 }, { code: 'ObjectTooLarge', details: { size: 1_001, max: 1_000 } }],
      [{ checksumAlgorithm: 'CRC32' }, { code: 'InvalidArgument', details: { argument: 'checksumAlgorithm' } }],
      [{ md5: 'x' }, { code: 'InvalidArgument' }],
    ]
    for (const [input, error] of refused) {
      await expect(session.uploadPart({ ...at, body: body(), ...input })).rejects.toMatchObject(error)
    }
    for (const caller of [accountCaller('other'), ANONYMOUS]) {
      await expect(engine.as(caller).uploadPart({ ...at, body: body() })).rejects.toMatchObject({ code: 'UploadNotFound' })
    }
    const append = await session.createAppendUpload({ bucket, key: 'k' })
    await expect(session.uploadPart({ ...at, uploadId: append.uploadId, body: body() })).rejects.toMatchObject({ code: 'UploadNotFound' })
    expect([read, returned]).toEqual([0, refused.length + 3])
    expect((await engine.as(owner).listParts(at)).parts).toEqual([])
    await engine.close()
  })

  test('verifies and keeps a checksum of the upload’s algorithm, asked for or not', async () => {
    const { session, bucket, engine } = await openTestEngine(store, { limits: LIMITS })
    const { uploadId, checksum } = await session.createUpload({ bucket, key: 'k', checksum: { algorithm: 'CRC32C' } })
    expect(checksum).toEqual({ algorithm: 'CRC32C', type: 'COMPOSITE' })
    const at = { bucket, key: 'k', uploadId }
    const bytes = bytesOf(3_000)
    const value = checksumOf('CRC32C', bytes).toString('base64')
    const kept = { algorithm: 'CRC32C', type: 'FULL_OBJECT', value }
    expect((await session.uploadPart({ ...at, partNumber: 1, body: bytes })).checksum).toEqual(kept)
    expect((await session.uploadPart({ ...at, partNumber: 2, body: bytes, checksum: { algorithm: 'CRC32C', value } })).checksum).toEqual(
      kept,
    )
    const wrong = { algorithm: 'CRC32C', value: checksumOf('CRC32C', bytesOf(1)).toString('base64') } as const
    await expect(session.uploadPart({ ...at, partNumber: 3, body: bytes, checksum: wrong })).rejects.toMatchObject({
      code: 'ChecksumMismatch',
    })
    const { parts } = await session.listParts(at)
    expect(parts.map((part) => part.checksum)).toEqual([kept, kept])
    // Where the upload has none, a part's own is verified and kept all the same, and the object has none.
    const plain = { bucket, key: 'plain', uploadId: (await session.createUpload({ bucket, key: 'plain' })).uploadId }
    const part = await session.uploadPart({ ...plain, partNumber: 1, body: bytes, checksum: { algorithm: 'CRC32C', value } })
    expect(part.checksum).toEqual(kept)
    const object = await session.completeUpload({ ...plain, parts: [{ partNumber: 1, etag: part.etag }] })
    expect(object.checksum).toBeNull()
    await engine.close()
  })

  test('an upload that goes while its part is on its way takes the part with it', async () => {
    const { session, bucket, engine, expectClean } = await openClockedEngine(store, { limits: LIMITS })
    const { uploadId } = await session.createUpload({ bucket, key: 'k' })
    const at = { bucket, key: 'k', uploadId }
    async function* slow(): AsyncGenerator<Uint8Array> {
      yield bytesOf(5_000)
      await session.abortUpload(at)
      yield bytesOf(5_000)
    }
    await expect(session.uploadPart({ ...at, partNumber: 1, body: slow() })).rejects.toMatchObject({ code: 'UploadNotFound' })
    await expect(session.abortUpload(at)).rejects.toMatchObject({ code: 'UploadNotFound' })
    await expect(session.listParts(at)).rejects.toMatchObject({ code: 'UploadNotFound' })
    await expectClean(0)
    await engine.close()
  })
})
