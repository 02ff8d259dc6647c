import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { multipartEtag } from '../../src/checksums/etag.ts'
import type { CompleteUploadCommand } from '../../src/metadata/commands.ts'
import type { MetadataStore } from '../../src/metadata/metadata-store.ts'
import { STORES } from '../stores.ts'
import {
  blobExtent,
  blobOf,
  garbageOf,
  inlineExtent,
  makeBucket,
  md5,
  newUpload,
  partOf,
  putText,
  readText,
  uploadTarget,
  ANYBODY,
  CREATED_AT,
} from './samples.ts'

const EXTENTS_MAX = 1_000
const completion = (parts: CompleteUploadCommand['parts'], more: Partial<CompleteUploadCommand> = {}): CompleteUploadCommand => ({
  ...uploadTarget('u1'),
  parts,
  partSizeMin: 1,
  objectSizeMax: 1_000_000,
  objectExtentsMax: EXTENTS_MAX,
  versionId: 'v9',
  createdAt: CREATED_AT,
  conditions: {},
  expected: {},
  appended: null,
  ...more,
})

describe.each(STORES)('uploads on $name', (tested) => {
  let store: MetadataStore
  let now = CREATED_AT.getTime()
  beforeEach(async () => {
    now = CREATED_AT.getTime()
    store = await tested.open({ clock: () => new Date(now) })
    await makeBucket(store)
    expect(await store.createUpload({ upload: newUpload('u1'), require: ANYBODY })).toEqual({ outcome: 'created' })
  })
  afterEach(() => store.close())

  const sendBlob = async (partNumber: number, name: string): Promise<string> => {
    await store.reserveBlobs({ processId: 'p1', blobs: [blobOf(name)] })
    const part = partOf(partNumber, [blobExtent(name)])
    return (await store.commitPart({ ...uploadTarget('u1'), part, fresh: [blobOf(name)], objectExtentsMax: EXTENTS_MAX })).outcome
  }
  const sendText = async (partNumber: number, text: string): Promise<string> =>
    (
      await store.commitPart({
        ...uploadTarget('u1'),
        part: partOf(partNumber, [inlineExtent(text)]),
        fresh: [],
        objectExtentsMax: EXTENTS_MAX,
      })
    ).outcome
  const listed = (...numbers: number[]): { partNumber: number; etag: string }[] =>
    numbers.map((partNumber) => ({ partNumber, etag: md5(`${partNumber}`) }))
  const collect = (): Promise<readonly string[]> => {
    now += 1000
    return garbageOf(store)
  }

  test('parts become an object; what is not listed goes', async () => {
    await putText(store, 'k', 'old')
    for (const outcome of [await sendText(1, 'Hello, '), await sendBlob(2, 'b2'), await sendBlob(4, 'b4'), await sendText(5, 'world')]) {
      expect(outcome).toBe('committed')
    }
    const completed = await store.completeUpload(completion(listed(1, 2, 5)))
    const etag = multipartEtag(['1', '2', '5'].map((text) => Buffer.from(md5(text), 'hex')))
    expect(completed).toMatchObject({ outcome: 'completed', replayed: false, object: { size: 112, etag, partCount: 3, ownerId: 'me' } })
    expect(await readText(store, 'k')).toBe('Hello, <b2>world')
    expect(await collect()).toEqual(['b4'])
    const replay = await store.completeUpload(completion(listed(1, 2, 5)))
    expect(replay).toEqual({ ...completed, replayed: true })
    expect(await store.completeUpload(completion(listed(1, 2)))).toEqual({ outcome: 'upload-gone' })
    expect(await store.findUpload(uploadTarget('u1'))).toMatchObject({ status: 'completed', result: { etag } })
    expect(await sendText(6, 'late')).toBe('upload-gone')
  })

  test('a part sent again lets go of the former one, but not of what both hold', async () => {
    await store.reserveBlobs({ processId: 'p1', blobs: ['x', 'y', 'z'].map(blobOf) })
    const first = partOf(1, [blobExtent('x'), blobExtent('y'), inlineExtent('i')])
    await store.commitPart({ ...uploadTarget('u1'), part: first, fresh: [blobOf('x'), blobOf('y')], objectExtentsMax: EXTENTS_MAX })
    const second = partOf(1, [blobExtent('y'), blobExtent('z')])
    expect(await store.commitPart({ ...uploadTarget('u1'), part: second, fresh: [blobOf('z')], objectExtentsMax: EXTENTS_MAX })).toEqual({
      outcome: 'committed',
    })
    expect(await collect()).toEqual(['x'])
    // Another part may hold the same blob.
    const third = partOf(2, [blobExtent('y')])
    expect(await store.commitPart({ ...uploadTarget('u1'), part: third, fresh: [], objectExtentsMax: EXTENTS_MAX })).toEqual({
      outcome: 'committed',
    })
    expect(await store.abortUpload(uploadTarget('u1'))).toEqual({ outcome: 'aborted' })
    expect(await collect()).toEqual(['y', 'z'])
    expect(await store.abortUpload(uploadTarget('u1'))).toEqual({ outcome: 'upload-gone' })
  })

  test('a list that does not fit the parts is refused with its reason', async () => {
    await sendText(1, 'one')
    await sendText(2, 'two')
    const refuse = async (parts: CompleteUploadCommand['parts'], more: Partial<CompleteUploadCommand> = {}): Promise<unknown> =>
      await store.completeUpload(completion(parts, more))
    expect(await refuse(listed(1, 3))).toMatchObject({ outcome: 'invalid-part', partNumber: 3 })
    expect(await refuse(listed(2, 1))).toMatchObject({ outcome: 'invalid-part', partNumber: 1 })
    expect(await refuse([{ partNumber: 1, etag: 'x' }])).toMatchObject({ outcome: 'invalid-part', partNumber: 1 })
    expect(await refuse([])).toMatchObject({ outcome: 'invalid-part' })
    expect(await refuse(listed(1, 2), { partSizeMin: 4 })).toEqual({ outcome: 'part-too-small', partNumber: 1, size: 3 })
    expect(await refuse(listed(1, 2), { objectSizeMax: 5 })).toEqual({ outcome: 'too-large', size: 6 })
    expect(await refuse(listed(1, 2), { expected: { size: 7 } })).toEqual({ outcome: 'size', expected: 7, actual: 6 })
    expect(await refuse(listed(1, 2), { conditions: { ifMatch: '*' } })).toEqual({ outcome: 'absent' })
    expect(await refuse(listed(1, 2))).toMatchObject({ outcome: 'completed' })
  })

  test('uploads past their time end; old answers are forgotten', async () => {
    await sendBlob(1, 'b1')
    await store.createUpload({ upload: newUpload('u2', { expiresAt: new Date(now + 9e9) }), require: ANYBODY })
    expect(await store.expireUploads({ answersKeptSeconds: 10, limit: 100 })).toBe(0)
    now += 1_000_001
    expect(await store.expireUploads({ answersKeptSeconds: 10, limit: 100 })).toBe(1)
    expect(await collect()).toEqual(['b1'])
    const sent = await store.commitPart({
      ...uploadTarget('u2'),
      part: partOf(1, [inlineExtent('x')]),
      fresh: [],
      objectExtentsMax: EXTENTS_MAX,
    })
    expect(sent).toEqual({ outcome: 'committed' })
    await store.completeUpload({ ...completion(listed(1)), ...uploadTarget('u2') })
    now += 10_001
    expect(await store.expireUploads({ answersKeptSeconds: 10, limit: 100 })).toBe(1)
    expect(await store.findUpload(uploadTarget('u2'))).toBeNull()
    expect(await readText(store, 'k')).toBe('x')
  })

  test('a bucket goes with its open uploads', async () => {
    await sendBlob(1, 'b1')
    await sendText(2, 'inline')
    expect(await store.deleteBucket({ bucketId: 'b1', require: ANYBODY })).toEqual({ outcome: 'deleted' })
    expect(await collect()).toEqual(['b1'])
    expect(await sendText(3, 'late')).toBe('bucket-gone')
  })

  test('an append upload grows, merges its tail, and becomes an object', async () => {
    await store.createUpload({ upload: newUpload('a1', { kind: 'append' }), require: ANYBODY })
    const target = uploadTarget('a1')
    const at = {
      hashState: Buffer.from('state'),
      at: CREATED_AT,
      expiresAt: new Date(now + 5_000_000),
      fresh: [],
      declaredSize: null,
      objectExtentsMax: EXTENTS_MAX,
    }
    const append = (offset: number, text: string): ReturnType<MetadataStore['commitAppend']> =>
      store.commitAppend({
        ...target,
        ...at,
        expectedOffset: offset,
        replaceFrom: offset,
        size: text.length,
        extents: [inlineExtent(text)],
      })
    expect(await append(0, 'abc')).toEqual({ outcome: 'committed', offset: 3 })
    expect(await append(0, 'abc')).toEqual({ outcome: 'offset', offset: 3 })
    expect(await append(3, 'def')).toEqual({ outcome: 'committed', offset: 6 })
    const found = await store.findUpload(target)
    expect(found).toMatchObject({
      status: 'open',
      offset: 6,
      tail: [
        { offset: 0, length: 3 },
        { offset: 3, length: 3 },
      ],
    })
    expect(Buffer.from(found?.hashState ?? []).toString()).toBe('state')
    expect(Buffer.from(await store.readAppendTail({ ...target, from: 3 })).toString()).toBe('def')
    // The tail and ten more bytes in one blob.
    await store.reserveBlobs({ processId: 'p1', blobs: [blobOf('big')] })
    const merged = {
      ...target,
      ...at,
      expectedOffset: 6,
      replaceFrom: 0,
      size: 10,
      extents: [blobExtent('big', 16)],
      fresh: [blobOf('big')],
    }
    expect(await store.commitAppend(merged)).toEqual({ outcome: 'committed', offset: 16 })
    expect(await store.findUpload(target)).toMatchObject({ offset: 16, tail: [] })
    const declare = { ...target, ...at, expectedOffset: 16, replaceFrom: 16, size: 0, extents: [], declaredSize: 18 }
    expect(await store.commitAppend(declare)).toEqual({ outcome: 'committed', offset: 16 })
    expect(await store.commitAppend({ ...declare, declaredSize: 17 })).toEqual({ outcome: 'size', expected: 18, actual: 17 })
    expect(await append(16, 'xyz')).toEqual({ outcome: 'size', expected: 18, actual: 19 })
    const appended = { offset: 16, etag: 'e', checksum: null }
    const finish = { ...completion(null), ...target, appended }
    expect(await store.completeUpload(finish)).toEqual({ outcome: 'size', expected: 18, actual: 16 })
    expect(await append(16, 'xy')).toEqual({ outcome: 'committed', offset: 18 })
    const last = { ...finish, appended: { ...appended, offset: 18 } }
    expect(await store.completeUpload(last)).toMatchObject({ outcome: 'completed', object: { size: 18, partCount: null } })
    expect(await store.completeUpload(last)).toMatchObject({ outcome: 'completed', replayed: true })
    expect(await readText(store, 'k')).toBe('<big>xy')
    expect(await collect()).toEqual([])
  })
})
