import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import {
  ALWAYS,
  AT,
  blobExtent,
  BUCKET,
  collect,
  columnIs,
  completion,
  content,
  EXTENTS_MAX,
  info,
  inlineExtent,
  makeBucket,
  md5,
  type MetadataCase,
  type MetadataSubject,
  NEVER,
  newUpload,
  putText,
  requirement,
  sendPart,
  target,
} from './support.ts'

async function begin(subject: MetadataSubject, more: Parameters<typeof newUpload>[1] = {}): Promise<void> {
  await makeBucket(subject)
  assert.deepEqual(await subject.store.createUpload({ upload: newUpload('u1', more), require: requirement() }), { outcome: 'created' })
}

const sendText = (subject: MetadataSubject, number: number, text: string, more: object = {}) =>
  sendPart(subject, 'u1', { number, extents: [inlineExtent(text)], ...more })

/** What S3 gives a multipart object as its ETag: the MD5 of the parts' MD5s, and how many. */
function multipartEtag(numbers: readonly number[]): string {
  const hash = createHash('md5')
  for (const number of numbers) hash.update(Buffer.from(md5(String(number)), 'hex'))
  return `${hash.digest('hex')}-${numbers.length}`
}

/** Uploads in parts. */
export const uploadCases: readonly MetadataCase[] = [
  {
    name: 'uploads: what was begun is found, whole, and by nobody else',
    async run(subject) {
      const checksum = { algorithm: 'SHA256', type: 'COMPOSITE' } as const
      await begin(subject, { checksum, tags: { a: 'b' }, retention: { mode: 'compliance', until: AT }, legalHold: true })
      const { store } = subject
      const upload = {
        ...newUpload('u1', { checksum, tags: { a: 'b' }, retention: { mode: 'compliance', until: AT }, legalHold: true }),
        offset: 0,
      }
      assert.deepEqual(await store.findUpload(target('u1')), {
        ...upload,
        status: 'open',
        result: null,
        hashState: null,
        extentCount: 0,
        tail: [],
      })
      assert.equal(await store.findUpload(target('u2')), null)
      assert.equal(await store.findUpload(target('u1', { key: 'other' })), null)
      assert.equal(await store.findUpload(target('u1', { bucketId: 'other' })), null)
      assert.equal(await store.findUpload(target('u1', { visible: columnIs('owner_id', 'other') })), null)
      assert.equal((await store.findUpload(target('u1', { visible: columnIs('owner_id', 'me') })))?.uploadId, 'u1')
    },
  },
  {
    name: 'uploads: of another key, bucket or owner they are gone for every command',
    async run(subject) {
      await begin(subject)
      await sendText(subject, 1, 'one')
      const { store } = subject
      const gone = { outcome: 'upload-gone' }
      const part = { partNumber: 1, size: 1, etag: md5('x'), checksum: null, createdAt: AT, extents: [inlineExtent('x')] }
      for (const other of [{ key: 'other' }, { visible: NEVER }, { uploadId: 'u2' }]) {
        assert.deepEqual(await store.commitPart({ ...target('u1', other), part, fresh: [], objectExtentsMax: EXTENTS_MAX }), gone)
        assert.deepEqual(await store.completeUpload(completion('u1', [1], other)), gone)
        assert.deepEqual(await store.abortUpload(target('u1', other)), gone)
        assert.deepEqual(await store.listParts({ ...target('u1', other), after: 0, limit: 9 }), { parts: [], next: null })
      }
      assert.equal((await store.completeUpload(completion('u1', [1]))).outcome, 'completed')
      assert.equal(await content(subject, 'k'), 'one')
    },
  },
  {
    name: 'uploads: parts in any order are listed by number, page by page',
    async run(subject) {
      await begin(subject)
      for (const number of [7, 10_000, 1, 3]) await sendText(subject, number, `part ${number}`)
      const numbers: number[] = []
      let after: number | null = 0
      while (after !== null) {
        const page: Awaited<ReturnType<typeof subject.store.listParts>> = await subject.store.listParts({
          ...target('u1'),
          after,
          limit: 2,
        })
        numbers.push(...page.parts.map(({ partNumber }) => partNumber))
        after = page.next
      }
      assert.deepEqual(numbers, [1, 3, 7, 10_000])
      const { parts } = await subject.store.listParts({ ...target('u1'), after: 3, limit: 1 })
      assert.deepEqual(parts, [{ partNumber: 7, size: 6, etag: md5('7'), checksum: null, createdAt: AT }])
    },
  },
  {
    name: 'uploads: complete makes the object, and moves nothing else',
    async run(subject) {
      await begin(subject)
      await putText(subject, 'k', { text: 'old' })
      await sendText(subject, 1, 'Hello, ')
      await sendPart(subject, 'u1', { number: 2, extents: [blobExtent('b2')], fresh: ['b2'] })
      await sendText(subject, 3, 'not listed')
      await sendPart(subject, 'u1', { number: 4, extents: [blobExtent('b4')], fresh: ['b4'] })
      const done = await subject.store.completeUpload(completion('u1', [1, 2]))
      assert.ok(done.outcome === 'completed')
      assert.deepEqual([done.replayed, done.object.size, done.object.etag, done.object.partCount], [false, 107, multipartEtag([1, 2]), 2])
      assert.deepEqual(
        [done.object.headers, done.object.userMetadata, done.object.ownerId],
        [{ contentType: 'text/plain' }, { team: 'red' }, 'me'],
      )
      assert.equal(await content(subject, 'k'), 'Hello, <b2>')
      assert.deepEqual(await info(subject, 'k'), done.object)
      assert.deepEqual(await collect(subject), ['b4'])
    },
  },
  {
    name: 'uploads: the facts of parts outlive the upload',
    async run(subject) {
      await begin(subject)
      for (const number of [1, 2, 3]) await sendText(subject, number, 'x'.repeat(number))
      await subject.store.completeUpload(completion('u1', [1, 2, 3]))
      const query = { bucketId: BUCKET, key: 'k', require: requirement() }
      const page = await subject.store.listObjectParts({ ...query, after: 0, limit: 2 })
      assert.deepEqual(
        [page.parts.map(({ partNumber, size }) => [partNumber, size]), page.next],
        [
          [
            [1, 1],
            [2, 2],
          ],
          2,
        ],
      )
      const rest = await subject.store.listObjectParts({ ...query, after: 2, limit: 2 })
      assert.deepEqual([rest.parts.map(({ partNumber }) => partNumber), rest.next], [[3], null])
      await putText(subject, 'k2')
      assert.deepEqual(await subject.store.listObjectParts({ ...query, key: 'k2', after: 0, limit: 2 }), { parts: [], next: null })
    },
  },
  {
    name: 'uploads: the same complete again gives the same answer, another one finds no upload',
    async run(subject) {
      await begin(subject)
      for (const number of [1, 2]) await sendText(subject, number, 'x')
      const done = await subject.store.completeUpload(completion('u1', [1, 2]))
      assert.ok(done.outcome === 'completed')
      await putText(subject, 'k', { text: 'newer' })
      assert.deepEqual(await subject.store.completeUpload(completion('u1', [1, 2])), { ...done, replayed: true })
      assert.deepEqual(await subject.store.completeUpload(completion('u1', [1])), { outcome: 'upload-gone' })
      assert.equal(await content(subject, 'k'), 'newer')
      const found = await subject.store.findUpload(target('u1'))
      assert.deepEqual([found?.status, found?.result], ['completed', done.object])
      assert.equal(await sendText(subject, 3, 'late'), 'upload-gone')
      assert.deepEqual(await subject.store.abortUpload(target('u1')), { outcome: 'upload-gone' })
    },
  },
  {
    name: 'uploads: a list of parts that does not fit is refused with its reason, and the upload stays',
    async run(subject) {
      await begin(subject)
      for (const number of [1, 2]) await sendText(subject, number, 'four')
      const refuse = (numbers: readonly number[], more: object = {}) => subject.store.completeUpload(completion('u1', numbers, more))
      const invalid = async (numbers: readonly number[], more: object = {}): Promise<unknown> => {
        const { outcome, partNumber } = (await refuse(numbers, more)) as { outcome: string; partNumber?: number }
        return [outcome, partNumber]
      }
      assert.deepEqual(await invalid([1, 3]), ['invalid-part', 3])
      assert.deepEqual(await invalid([1], { parts: [{ partNumber: 1, etag: md5('other') }] }), ['invalid-part', 1])
      assert.equal((await refuse([])).outcome, 'invalid-part')
      assert.deepEqual(await refuse([1, 2], { partSizeMin: 5 }), { outcome: 'part-too-small', partNumber: 1, size: 4 })
      assert.deepEqual(await refuse([1, 2], { objectSizeMax: 7 }), { outcome: 'too-large', size: 8 })
      assert.deepEqual(await refuse([1, 2], { expected: { size: 9 } }), { outcome: 'size', expected: 9, actual: 8 })
      assert.deepEqual(await refuse([1, 2], { conditions: { ifMatch: '*' } }), { outcome: 'absent' })
      assert.deepEqual(await refuse([1, 2], { require: requirement({ finalCreated: NEVER }) }), { outcome: 'denied', looks: 'forbidden' })
      assert.equal((await refuse([1, 2], { partSizeMin: 4, expected: { size: 8 } })).outcome, 'completed')
    },
  },
  {
    name: 'uploads: a part sent again replaces the former one, and lets go of what only that held',
    async run(subject) {
      await begin(subject)
      await sendPart(subject, 'u1', { number: 1, extents: [blobExtent('x'), blobExtent('y')], fresh: ['x', 'y'] })
      await sendPart(subject, 'u1', { number: 2, extents: [blobExtent('y')] })
      await sendPart(subject, 'u1', { number: 1, extents: [blobExtent('z')], fresh: ['z'] })
      assert.deepEqual(await collect(subject), ['x'])
      await subject.store.completeUpload(completion('u1', [1, 2]))
      assert.equal(await content(subject, 'k'), '<z><y>')
      assert.deepEqual(await collect(subject), [])
    },
  },
  {
    name: 'uploads: two parts may hold one blob, and one of them may go',
    async run(subject) {
      await begin(subject)
      await sendPart(subject, 'u1', { number: 1, extents: [blobExtent('x')], fresh: ['x'] })
      await sendPart(subject, 'u1', { number: 2, extents: [blobExtent('x')] })
      await subject.store.completeUpload(completion('u1', [2]))
      assert.equal(await content(subject, 'k'), '<x>')
      assert.deepEqual(await collect(subject), [])
    },
  },
  {
    name: 'uploads: an abort frees everything, once',
    async run(subject) {
      await begin(subject)
      await sendPart(subject, 'u1', { number: 1, extents: [blobExtent('x'), inlineExtent('i')], fresh: ['x'] })
      assert.deepEqual(await subject.store.abortUpload(target('u1')), { outcome: 'aborted' })
      assert.deepEqual(await subject.store.abortUpload(target('u1')), { outcome: 'upload-gone' })
      assert.equal(await sendText(subject, 1, 'late'), 'upload-gone')
      assert.deepEqual(await subject.store.completeUpload(completion('u1', [1])), { outcome: 'upload-gone' })
      assert.deepEqual(await collect(subject), ['x'])
      assert.deepEqual((await subject.store.inspection.strayInline({ after: null, limit: 10 })).rows, [])
    },
  },
  {
    name: 'uploads: a version is made, and a version that is locked is not destroyed',
    async run(subject) {
      await makeBucket(subject, 'suspended')
      await subject.store.createUpload({ upload: newUpload('u1'), require: requirement() })
      await sendText(subject, 1, 'x')
      await putText(subject, 'k', { object: { legalHold: true } })
      assert.deepEqual(await subject.store.completeUpload(completion('u1', [1])), { outcome: 'locked', versionId: 'null' })
    },
  },
  {
    name: 'uploads: past their time they end, and old answers are forgotten',
    async run(subject) {
      await begin(subject, { expiresAt: new Date(AT.getTime() + 5000) })
      await sendPart(subject, 'u1', { number: 1, extents: [blobExtent('x')], fresh: ['x'] })
      await subject.store.createUpload({
        upload: newUpload('u2', { expiresAt: new Date(AT.getTime() + 9_000_000) }),
        require: requirement(),
      })
      await sendPart(subject, 'u2', { number: 1, extents: [inlineExtent('kept')] })
      const expire = () => subject.store.expireUploads({ answersKeptSeconds: 60, limit: 10 })
      assert.equal(await expire(), 0)
      subject.advance(5001)
      assert.equal(await expire(), 1)
      assert.equal(await subject.store.findUpload(target('u1')), null)
      assert.deepEqual(await collect(subject), ['x'])
      await subject.store.completeUpload(completion('u2', [1]))
      assert.equal(await expire(), 0)
      subject.advance(61_000)
      assert.equal(await expire(), 1)
      assert.equal(await subject.store.findUpload(target('u2')), null)
      assert.equal(await content(subject, 'k'), 'kept')
    },
  },
  {
    name: 'uploads: a thousand parts complete in one commit',
    async run(subject) {
      await begin(subject)
      const numbers = Array.from({ length: 1000 }, (_, at) => at + 1)
      for (let at = 0; at < numbers.length; at += 100)
        await Promise.all(numbers.slice(at, at + 100).map((number) => sendText(subject, number, 'x')))
      const done = await subject.store.completeUpload(completion('u1', numbers))
      assert.ok(done.outcome === 'completed')
      assert.deepEqual([done.object.size, done.object.etag], [1000, multipartEtag(numbers)])
      assert.equal(await content(subject, 'k'), 'x'.repeat(1000))
    },
  },
  {
    name: 'uploads: refused before they begin where the policy refuses',
    async run(subject) {
      await makeBucket(subject)
      const begun = await subject.store.createUpload({
        upload: newUpload('u1'),
        require: requirement({ proposed: columnIs('owner_id', 'other') }),
      })
      assert.deepEqual(begun, { outcome: 'denied', looks: 'forbidden' })
      assert.equal((await subject.store.inspection.counts()).uploads, 0)
      assert.equal(
        (await subject.store.createUpload({ upload: newUpload('u1'), require: requirement({ proposed: ALWAYS }) })).outcome,
        'created',
      )
    },
  },
]
