import assert from 'node:assert/strict'
import type { CommitAppendCommand, CommitAppendOutcome } from '@stowage/core/metadata'
import {
  AT,
  blob,
  blobExtent,
  collect,
  completion,
  content,
  EXTENTS_MAX,
  inlineExtent,
  makeBucket,
  type MetadataCase,
  type MetadataSubject,
  newUpload,
  PROCESS,
  requirement,
  sendPart,
  target,
} from './support.ts'

async function begin(subject: MetadataSubject, more: Parameters<typeof newUpload>[1] = {}): Promise<void> {
  await makeBucket(subject)
  await subject.store.createUpload({ upload: newUpload('a1', { kind: 'append', ...more }), require: requirement() })
}

function append(
  { store }: MetadataSubject,
  offset: number,
  text: string,
  more: Partial<CommitAppendCommand> = {},
): Promise<CommitAppendOutcome> {
  return store.commitAppend({
    ...target('a1'),
    expectedOffset: offset,
    replaceFrom: offset,
    size: text.length,
    extents: text === '' ? [] : [inlineExtent(text)],
    fresh: [],
    hashState: Buffer.from(`hash of ${offset + text.length}`),
    declaredSize: null,
    objectExtentsMax: EXTENTS_MAX,
    at: AT,
    expiresAt: new Date(AT.getTime() + 2_000_000),
    ...more,
  })
}

const finish = ({ store }: MetadataSubject, offset: number) =>
  store.completeUpload(completion('a1', null, { appended: { offset, etag: 'etag', checksum: null } }))

/** Uploads that grow at their end. */
export const appendCases: readonly MetadataCase[] = [
  {
    name: 'appends: each says where the upload stands, and only the next one fits',
    async run(subject) {
      await begin(subject)
      assert.deepEqual(await append(subject, 0, 'abc'), { outcome: 'committed', offset: 3 })
      assert.deepEqual(await append(subject, 0, 'abc'), { outcome: 'offset', offset: 3 })
      assert.deepEqual(await append(subject, 4, 'x'), { outcome: 'offset', offset: 3 })
      assert.deepEqual(await append(subject, 3, 'de'), { outcome: 'committed', offset: 5 })
      const found = await subject.store.findUpload(target('a1'))
      assert.deepEqual([found?.offset, Buffer.from(found?.hashState ?? []).toString()], [5, 'hash of 5'])
      assert.deepEqual(found?.expiresAt, new Date(AT.getTime() + 2_000_000))
    },
  },
  {
    name: 'appends: of the tail the lengths are told, its bytes only where they are asked for',
    async run(subject) {
      await begin(subject)
      for (let at = 0; at < 300; at += 3) await append(subject, at, 'abc')
      const found = await subject.store.findUpload(target('a1'))
      assert.deepEqual(found?.tail.at(-1), { offset: 297, length: 3 })
      assert.equal(found?.tail.length, 100)
      assert.equal(Buffer.from(await subject.store.readAppendTail({ ...target('a1'), from: 291 })).toString(), 'abcabcabc')
      assert.equal((await subject.store.readAppendTail({ ...target('a1', { key: 'other' }), from: 0 })).length, 0)
    },
  },
  {
    name: 'appends: a tail is merged into a blob, and the next one begins behind it',
    async run(subject) {
      await begin(subject)
      await append(subject, 0, 'first')
      await append(subject, 5, 'tail')
      await subject.store.reserveBlobs({ processId: PROCESS, blobs: [blob('merged')] })
      const merged = await append(subject, 9, '', { replaceFrom: 5, size: 6, extents: [blobExtent('merged', 10)], fresh: [blob('merged')] })
      assert.deepEqual(merged, { outcome: 'committed', offset: 15 })
      assert.deepEqual((await subject.store.findUpload(target('a1')))?.tail, [])
      await append(subject, 15, '!')
      assert.deepEqual((await subject.store.findUpload(target('a1')))?.tail, [{ offset: 15, length: 1 }])
      const done = await finish(subject, 16)
      assert.ok(done.outcome === 'completed')
      assert.deepEqual([done.object.size, done.object.etag, done.object.partCount], [16, 'etag', null])
      assert.equal(await content(subject, 'k'), 'first<merged>!')
      assert.deepEqual((await subject.store.inspection.strayInline({ after: null, limit: 10 })).rows, [])
    },
  },
  {
    name: 'appends: a length that is declared holds',
    async run(subject) {
      await begin(subject)
      assert.deepEqual(await append(subject, 0, 'abc', { declaredSize: 5 }), { outcome: 'committed', offset: 3 })
      assert.deepEqual(await append(subject, 3, '', { declaredSize: 6 }), { outcome: 'size', expected: 5, actual: 6 })
      assert.deepEqual(await append(subject, 3, 'def'), { outcome: 'size', expected: 5, actual: 6 })
      assert.deepEqual(await finish(subject, 3), { outcome: 'size', expected: 5, actual: 3 })
      assert.deepEqual(await append(subject, 3, 'de', { declaredSize: 5 }), { outcome: 'committed', offset: 5 })
      assert.equal((await finish(subject, 5)).outcome, 'completed')
    },
  },
  {
    name: 'appends: nothing at all may be appended, and makes an object of no bytes',
    async run(subject) {
      await begin(subject)
      assert.deepEqual(await append(subject, 0, ''), { outcome: 'committed', offset: 0 })
      assert.equal((await finish(subject, 0)).outcome, 'completed')
      assert.equal(await content(subject, 'k'), '')
    },
  },
  {
    name: 'appends: a finish is replayed, and what comes later finds no upload',
    async run(subject) {
      await begin(subject)
      await append(subject, 0, 'abc')
      const done = await finish(subject, 3)
      assert.ok(done.outcome === 'completed')
      assert.deepEqual(await finish(subject, 3), { ...done, replayed: true })
      assert.deepEqual(await append(subject, 3, 'late'), { outcome: 'upload-gone' })
      const found = await subject.store.findUpload(target('a1'))
      assert.deepEqual([found?.status, found?.result], ['completed', done.object])
    },
  },
  {
    name: 'appends: an append upload takes no parts, and one of parts no appends',
    async run(subject) {
      await begin(subject)
      assert.equal(await sendPart(subject, 'a1', { number: 1, extents: [inlineExtent('x')] }), 'upload-gone')
      await subject.store.createUpload({ upload: newUpload('u1'), require: requirement() })
      assert.deepEqual(await append(subject, 0, 'x', target('u1')), { outcome: 'upload-gone' })
    },
  },
  {
    name: 'appends: an abort frees blobs and pieces',
    async run(subject) {
      await begin(subject)
      await subject.store.reserveBlobs({ processId: PROCESS, blobs: [blob('x')] })
      await append(subject, 0, '', { size: 100, extents: [blobExtent('x')], fresh: [blob('x')] })
      await append(subject, 100, 'tail')
      assert.deepEqual(await subject.store.abortUpload(target('a1')), { outcome: 'aborted' })
      assert.deepEqual(await collect(subject), ['x'])
      assert.deepEqual((await subject.store.inspection.strayInline({ after: null, limit: 10 })).rows, [])
    },
  },
]
