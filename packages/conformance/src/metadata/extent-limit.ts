import assert from 'node:assert/strict'
import type { CommitAppendOutcome } from '@stowage/core/metadata'
import {
  AT,
  completion,
  content,
  inlineExtent,
  makeBucket,
  md5,
  type MetadataCase,
  type MetadataSubject,
  newUpload,
  requirement,
  sendPart,
  target,
} from './support.ts'

const TOO_MANY = { outcome: 'too-many-extents' }

async function begin(subject: MetadataSubject, kind: 'parts' | 'append'): Promise<void> {
  await makeBucket(subject)
  await subject.store.createUpload({ upload: newUpload('u1', { kind }), require: requirement() })
}

const inlines = (text: string) => text.split('').map((each) => inlineExtent(each))

/** Each character is an extent of its own. */
async function sendPieces({ store }: MetadataSubject, number: number, text: string, max: number): Promise<string> {
  const etag = md5(String(number))
  const part = { partNumber: number, size: text.length, etag, checksum: null, createdAt: AT, extents: inlines(text) }
  return (await store.commitPart({ ...target('u1'), part, fresh: [], objectExtentsMax: max })).outcome
}

interface Step {
  readonly from?: number
  readonly max: number
}

function append({ store }: MetadataSubject, offset: number, text: string, { from = offset, max }: Step): Promise<CommitAppendOutcome> {
  return store.commitAppend({
    ...target('u1'),
    expectedOffset: offset,
    replaceFrom: from,
    size: text.length - (offset - from),
    extents: from === offset ? inlines(text) : [inlineExtent(text)],
    fresh: [],
    hashState: Buffer.alloc(0),
    declaredSize: null,
    objectExtentsMax: max,
    at: AT,
    expiresAt: new Date(AT.getTime() + 1_000_000),
  })
}

/** Of how many extents an object may consist. */
export const extentLimitCases: readonly MetadataCase[] = [
  {
    name: 'extents: parts of several are counted with all others, and what is refused changes nothing',
    async run(subject) {
      await begin(subject, 'parts')
      assert.equal(await sendPieces(subject, 1, 'abcd', 5), 'committed')
      assert.equal(await sendPieces(subject, 2, 'ef', 5), 'too-many-extents')
      assert.equal(await sendPart(subject, 'u1', { number: 2, extents: [inlineExtent('ef')] }), 'committed')
      // A part that comes again takes the place of its former self.
      assert.equal(await sendPieces(subject, 1, 'wxyz', 5), 'committed')
      assert.equal(await sendPieces(subject, 1, 'vwxyz', 5), 'too-many-extents')
      assert.equal((await subject.store.completeUpload(completion('u1', [1, 2], { objectExtentsMax: 5 }))).outcome, 'completed')
      assert.equal(await content(subject, 'k'), 'wxyzef')
    },
  },
  {
    name: 'extents: an upload is not completed to more than the limit, and can be with fewer parts',
    async run(subject) {
      await begin(subject, 'parts')
      await sendPieces(subject, 1, 'abc', 10)
      await sendPieces(subject, 2, 'de', 10)
      assert.deepEqual(await subject.store.completeUpload(completion('u1', [1, 2], { objectExtentsMax: 4 })), TOO_MANY)
      assert.equal((await subject.store.listParts({ ...target('u1'), after: 0, limit: 10 })).parts.length, 2)
      assert.equal((await subject.store.completeUpload(completion('u1', [1], { objectExtentsMax: 4 }))).outcome, 'completed')
      assert.equal(await content(subject, 'k'), 'abc')
    },
  },
  {
    name: 'extents: appends are counted, those that are merged once',
    async run(subject) {
      await begin(subject, 'append')
      assert.deepEqual(await append(subject, 0, 'abc', { max: 3 }), { outcome: 'committed', offset: 3 })
      assert.deepEqual(await append(subject, 3, 'd', { max: 3 }), TOO_MANY)
      assert.equal((await subject.store.findUpload(target('u1')))?.offset, 3)
      assert.deepEqual(await append(subject, 3, 'bcd', { from: 1, max: 3 }), { outcome: 'committed', offset: 4 })
      assert.equal((await subject.store.findUpload(target('u1')))?.extentCount, 2)
      assert.deepEqual(await append(subject, 4, 'e', { max: 3 }), { outcome: 'committed', offset: 5 })
      assert.deepEqual(await append(subject, 5, 'f', { max: 3 }), TOO_MANY)
      const appended = { offset: 5, etag: 'etag', checksum: null }
      assert.deepEqual(await subject.store.completeUpload(completion('u1', null, { appended, objectExtentsMax: 2 })), TOO_MANY)
      assert.equal((await subject.store.completeUpload(completion('u1', null, { appended, objectExtentsMax: 3 }))).outcome, 'completed')
      assert.equal(await content(subject, 'k'), 'abcde')
    },
  },
]
