import { expect, test } from 'vitest'
import { openClockedEngine } from '../../../test/clocked-engine.ts'
import { bytesOf, describeOnEachStore, openTestEngine, readAll } from '../../../test/engine-matrix.ts'
import type { Session } from '../session.ts'
import type { CompletedPart } from '../../metadata/commands.ts'
import { checksumOf } from '../../checksums/running-checksum.ts'
import { multipartChecksum } from '../../checksums/object-checksum.ts'

const LIMITS = { inlineSizeMax: 100, partSizeMin: 1_000 }
const BUCKET = { bucket: { name: 'bucket' } }

interface Begun {
  readonly at: { readonly bucket: { readonly name: string }; readonly key: string; readonly uploadId: string }
  readonly parts: readonly CompletedPart[]
}

/** An upload with parts of these sizes. */
async function begin(session: Session, key: string, sizes: readonly number[]): Promise<Begun> {
  const { uploadId } = await session.createUpload({ ...BUCKET, key })
  const at = { ...BUCKET, key, uploadId }
  const parts = []
  for (const [index, size] of sizes.entries()) {
    const { partNumber, etag } = await session.uploadPart({ ...at, partNumber: index + 1, body: bytesOf(size, index) })
    parts.push({ partNumber, etag })
  }
  return { at, parts }
}

describeOnEachStore('completeUpload', (store) => {
  test('twice at the same time and again afterwards: one object, one answer', async () => {
    const { session, engine, bucket, expectClean } = await openClockedEngine(store, { limits: LIMITS, versioning: 'enabled' })
    const { at, parts } = await begin(session, 'k', [2_000, 50])
    const answers = await Promise.all(Array.from({ length: 5 }, () => session.completeUpload({ ...at, parts })))
    answers.push(await session.completeUpload({ ...at, parts }))
    for (const answer of answers) expect(answer).toEqual(answers[0])
    expect((await session.listVersions({ bucket })).versions).toHaveLength(1)
    // Another list is not the call that succeeded; nor is any other upload.
    await expect(session.completeUpload({ ...at, parts: parts.slice(0, 1) })).rejects.toMatchObject({ code: 'UploadNotFound' })
    await expect(session.completeUpload({ ...at, uploadId: 'never-was', parts })).rejects.toMatchObject({ code: 'UploadNotFound' })
    await expect(session.completeUpload({ ...at, key: 'other', parts })).rejects.toMatchObject({ code: 'UploadNotFound' })
    await expect(session.abortUpload(at)).rejects.toMatchObject({ code: 'UploadNotFound' })
    await expect(session.uploadPart({ ...at, partNumber: 3, body: bytesOf(10) })).rejects.toMatchObject({ code: 'UploadNotFound' })
    await expectClean(1)
    await engine.close()
  })

  test('says what is wrong with the parts, and leaves the upload as it is', async () => {
    const { session, engine } = await openTestEngine(store, { limits: { ...LIMITS, objectSizeMax: 4_000 } })
    const { at, parts } = await begin(session, 'k', [2_000, 999, 1_500])
    const [first, small, last] = parts
    if (first === undefined || small === undefined || last === undefined) throw new Error('there are three')
    const refused: readonly (readonly [object, object])[] = [
      [{ parts: [] }, { code: 'InvalidArgument', details: { argument: 'parts' } }],
      [{ parts: [first, first] }, { code: 'InvalidPartOrder', details: { partNumber: 1 } }],
      [{ parts: [small, first] }, { code: 'InvalidPartOrder', details: { partNumber: 1 } }],
      [{ parts: [{ partNumber: 0, etag: first.etag }] }, { code: 'InvalidPart', details: { partNumber: 0 } }],
      [{ parts: [first, { partNumber: 9, etag: first.etag }] }, { code: 'InvalidPart', details: { partNumber: 9 } }],
      [{ parts: [{ partNumber: 1, etag: last.etag }] }, { code: 'InvalidPart', details: { partNumber: 1 } }],
      [{ parts: [first, small, last] }, { code: 'PartTooSmall', details: { partNumber: 2, size: 999, min: 1_000 } }],
      [
        { parts: [first, last], size: 3_501 },
        { code: 'IncompleteBody', details: { expected: 3_501, actual: 3_500 } },
      ],
      [{ parts: [first, last], conditions: { ifMatch: ['x'] } }, { code: 'ObjectNotFound' }],
    ]
    for (const [input, error] of refused) {
      await expect(session.completeUpload({ ...at, parts, ...input })).rejects.toMatchObject(error)
    }
    const large = await begin(session, 'large', [2_000, 2_001])
    await expect(session.completeUpload({ ...large.at, parts: large.parts })).rejects.toMatchObject({
      code: 'ObjectTooLarge',
      details: { size: 4_001, max: 4_000 },
    })
    expect((await session.completeUpload({ ...at, parts: [first, last], size: 3_500 })).size).toBe(3_500)
    await engine.close()
  })

  test.each([
    { algorithm: 'CRC32', type: 'COMPOSITE' },
    { algorithm: 'CRC32', type: 'FULL_OBJECT' },
    { algorithm: 'CRC32C', type: 'COMPOSITE' },
    { algorithm: 'CRC32C', type: 'FULL_OBJECT' },
    { algorithm: 'CRC64NVME', type: 'FULL_OBJECT' },
    { algorithm: 'SHA1', type: 'COMPOSITE' },
    { algorithm: 'SHA256', type: 'COMPOSITE' },
  ] as const)('$algorithm, $type', async (checksum) => {
    const { session, engine } = await openTestEngine(store, { limits: LIMITS })
    const { algorithm, type } = checksum
    const { uploadId } = await session.createUpload({ ...BUCKET, key: 'k', checksum })
    const at = { ...BUCKET, key: 'k', uploadId }
    const bytes = [bytesOf(2_000, 1), bytesOf(70, 2)]
    const parts: CompletedPart[] = []
    for (const [index, body] of bytes.entries()) {
      const part = await session.uploadPart({ ...at, partNumber: index + 1, body })
      parts.push({ partNumber: index + 1, etag: part.etag, ...(part.checksum === null ? {} : { checksum: part.checksum }) })
    }
    const digests = bytes.map((each) => ({ digest: checksumOf(algorithm, each), length: each.length }))
    const expected = multipartChecksum(algorithm, type, digests)
    const wrong = { ...expected, value: `${checksumOf(algorithm, bytesOf(1)).toString('base64')}${type === 'COMPOSITE' ? '-2' : ''}` }
    await expect(session.completeUpload({ ...at, parts, checksum: wrong })).rejects.toMatchObject({ code: 'ChecksumMismatch' })
    const other = parts.map((part) => ({ ...part, ...(parts[0]?.checksum === undefined ? {} : { checksum: parts[0].checksum }) }))
    await expect(session.completeUpload({ ...at, parts: other })).rejects.toMatchObject({ code: 'InvalidPart', details: { partNumber: 2 } })
    const object = await session.completeUpload({ ...at, parts, checksum: expected })
    expect(object.checksum).toEqual(expected)
    if (type === 'FULL_OBJECT') expect(object.checksum?.value).toBe(checksumOf(algorithm, Buffer.concat(bytes)).toString('base64'))
    await engine.close()
  })

  test('an algorithm has only the types that it has', async () => {
    const { session, engine } = await openTestEngine(store)
    for (const checksum of [
      { algorithm: 'CRC64NVME', type: 'COMPOSITE' },
      { algorithm: 'SHA256', type: 'FULL_OBJECT' },
    ] as const) {
      await expect(session.createUpload({ ...BUCKET, key: 'k', checksum })).rejects.toMatchObject({ code: 'InvalidArgument' })
    }
    for (const [algorithm, type] of [
      ['CRC64NVME', 'FULL_OBJECT'],
      ['CRC32', 'COMPOSITE'],
    ] as const) {
      const upload = await session.createUpload({ ...BUCKET, key: 'k', checksum: { algorithm } })
      expect(upload.checksum).toEqual({ algorithm, type })
    }
    await engine.close()
  })

  test('complete, upload part and abort at the same time leave one outcome and no blob behind', async () => {
    const { session, bucket, engine, expectClean } = await openClockedEngine(store, { limits: LIMITS })
    const settle = (promise: Promise<unknown>): Promise<string> =>
      promise.then(
        () => 'done',
        (error: { readonly code: string }) => error.code,
      )
    let objects = 0
    for (let round = 0; round < 25; round += 1) {
      const { at, parts } = await begin(session, `k${round}`, [1_500, 1_500])
      const calls = [
        () => session.completeUpload({ ...at, parts }),
        () => session.uploadPart({ ...at, partNumber: 1, body: bytesOf(1_800, 9) }),
        () => session.abortUpload(at),
        () => session.uploadPart({ ...at, partNumber: 3, body: bytesOf(1_200, 8) }),
      ]
      const order = calls.map((_, index) => (index + round) % calls.length)
      const outcomes = new Map<number, string>()
      await Promise.all(order.map(async (index) => outcomes.set(index, await settle(calls[index]?.() ?? Promise.resolve()))))
      const [completed, , aborted] = [0, 1, 2].map((index) => outcomes.get(index))
      expect(['done', 'UploadNotFound', 'InvalidPart']).toContain(completed)
      expect(aborted === 'done').toBe(completed !== 'done')
      const found = await settle(session.headObject({ bucket, key: `k${round}` }))
      expect(found === 'done').toBe(completed === 'done')
      if (completed !== 'done') continue
      objects += 1
      const got = await readAll(await (await session.getObject({ bucket, key: `k${round}` })).open())
      expect(got).toEqual(Buffer.concat([bytesOf(1_500, 0), bytesOf(1_500, 1)]))
    }
    await expectClean(objects * 2)
    await engine.close()
  })

  // The number is SQLite's to prove; on Postgres it takes its time and says nothing more.
  const count = store.name === 'postgres' ? 1_000 : 10_000
  test(`${count} small parts`, async () => {
    const { session, bucket, engine, expectClean } = await openClockedEngine(store, { limits: { ...LIMITS, partSizeMin: 1 } })
    const { uploadId } = await session.createUpload({ bucket, key: 'k', checksum: { algorithm: 'CRC32C', type: 'FULL_OBJECT' } })
    const at = { bucket, key: 'k', uploadId }
    const bodyOf = (partNumber: number): Buffer => Buffer.from(`part ${partNumber};`)
    const parts: CompletedPart[] = []
    for (let start = 1; start <= count; start += 50) {
      const batch = Array.from({ length: 50 }, (_, index) => start + index)
      const sent = await Promise.all(batch.map((partNumber) => session.uploadPart({ ...at, partNumber, body: bodyOf(partNumber) })))
      parts.push(...sent.map(({ partNumber, etag }) => ({ partNumber, etag })))
    }
    const object = await session.completeUpload({ ...at, parts })
    const all = Buffer.concat(Array.from({ length: count }, (_, index) => bodyOf(index + 1)))
    expect(object).toMatchObject({ partCount: count, size: all.length, checksum: { value: checksumOf('CRC32C', all).toString('base64') } })
    expect(await readAll(await (await session.getObject({ bucket, key: 'k' })).open())).toEqual(all)
    const part = await session.getObject({ bucket, key: 'k', range: { part: 987 } })
    expect(await readAll(await part.open())).toEqual(bodyOf(987))
    expect((await session.listObjectParts({ bucket, key: 'k', partNumberMarker: count - 5 })).parts).toHaveLength(5)
    await expectClean(0)
    await engine.close()
  }, 120_000)
})
