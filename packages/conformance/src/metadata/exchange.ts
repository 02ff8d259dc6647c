import assert from 'node:assert/strict'
import type { ExchangeExtentsCommand, ExchangeExtentsOutcome, PlacedManifest } from '@stowage/core/metadata'
import {
  type BlobRef,
  blob,
  blobExtent,
  BUCKET,
  collect,
  completion,
  content,
  info,
  inlineExtent,
  inspected,
  makeBucket,
  type MetadataCase,
  type MetadataSubject,
  newUpload,
  PROCESS,
  putBlobs,
  putText,
  remove,
  requirement,
  sendPart,
  shareBlobs,
} from './support.ts'

/** Where the bytes of a version lie. */
async function placesOf(subject: MetadataSubject, key: string, versionId?: string): Promise<PlacedManifest> {
  const sequence = (await info(subject, key, versionId))?.sequence ?? -1
  const places = await subject.store.findPlaces({ bucketId: BUCKET, key, sequence })
  assert.ok(places)
  return places
}

/** Exchanges blobs of 100 bytes each for the one that they are joined to, which is reserved here. */
async function exchange(
  subject: MetadataSubject,
  key: string,
  names: readonly string[],
  more: Partial<ExchangeExtentsCommand> & { readonly to?: BlobRef; readonly versionId?: string } = {},
): Promise<ExchangeExtentsOutcome['outcome']> {
  const { to = blob('joined'), versionId, ...command } = more
  const { manifestId } = await placesOf(subject, key, versionId)
  const sequence = (await info(subject, key, versionId))?.sequence ?? -1
  if (command.fresh === undefined) await subject.store.reserveBlobs({ processId: PROCESS, blobs: [to] })
  const moves = names.map((name, at) => ({ from: blob(name), to, offset: at * 100 }))
  return (await subject.store.exchangeExtents({ bucketId: BUCKET, key, sequence, manifestId, moves, fresh: [to], ...command })).outcome
}

/** The stretches of blobs that everything with extents names, by part number. */
async function stretches({ store }: MetadataSubject): Promise<readonly string[]> {
  const manifests = await inspected((query) => store.inspection.manifests(query))
  return manifests.flatMap(({ partNumber, extents }) =>
    extents.flatMap((extent) =>
      extent.kind === 'blob' ? [`${partNumber ?? '-'}: ${extent.blob} ${extent.storedOffset}+${extent.storedLength}`] : [],
    ),
  )
}

/** Whose references there are. */
async function holders({ store }: MetadataSubject): Promise<readonly string[]> {
  const references = await inspected((query) => store.inspection.references(query))
  return references.map((each) => `${each.backendId} ${each.blob} ${each.partNumber ?? '-'}`).toSorted()
}

/** Where bytes lie may be exchanged; what they are never changes. */
export const exchangeCases: readonly MetadataCase[] = [
  {
    name: 'exchange: says where the bytes of a version lie, and which blobs others hold, too',
    async run(subject) {
      await makeBucket(subject)
      await putBlobs(subject, 'k', ['x', 'y'])
      await shareBlobs(subject, 'copy', ['y'])
      const { extents } = await placesOf(subject, 'k')
      assert.deepEqual(
        extents,
        ['x', 'y'].map((name) => ({ ...blobExtent(name), shared: name === 'y' })),
      )
      await putText(subject, 'text')
      const [inline] = (await placesOf(subject, 'text')).extents
      assert.equal(inline?.kind, 'inline')
      assert.equal('bytes' in inline, false)
      assert.equal(await subject.store.findPlaces({ bucketId: BUCKET, key: 'k', sequence: -1 }), null)
    },
  },
  {
    name: 'exchange: what is joined takes the place of its pieces, which are garbage unless others hold them',
    async run(subject) {
      await makeBucket(subject)
      await putBlobs(subject, 'k', ['x', 'y', 'z'])
      await shareBlobs(subject, 'copy', ['y'])
      const before = await info(subject, 'k')
      assert.equal(await exchange(subject, 'k', ['x', 'y', 'z']), 'exchanged')
      assert.deepEqual(await info(subject, 'k'), before)
      assert.deepEqual(await stretches(subject), ['-: y 0+100', '-: joined 0+300'])
      assert.deepEqual(await holders(subject), ['main joined -', 'main y -'])
      const [whole] = (await placesOf(subject, 'k')).extents
      assert.notEqual(whole?.crc32c ?? null, null, 'the sum of the whole follows from those of its pieces')
      assert.deepEqual(await collect(subject), ['x', 'z'])
      await remove(subject, 'k')
      assert.deepEqual(await collect(subject), ['joined'])
    },
  },
  {
    name: 'exchange: the parts of a completed upload go along, and stay the parts that they were',
    async run(subject) {
      await makeBucket(subject)
      await subject.store.createUpload({ upload: newUpload('u'), require: requirement() })
      for (const [at, name] of ['x', 'y', 'z'].entries()) {
        await sendPart(subject, 'u', { number: at + 1, extents: [blobExtent(name)], fresh: [name] })
      }
      await subject.store.completeUpload(completion('u', [1, 2, 3]))
      const query = { bucketId: BUCKET, key: 'k', require: requirement(), after: 0, limit: 10 }
      const before = [await info(subject, 'k'), await subject.store.listObjectParts(query)]
      assert.equal(await exchange(subject, 'k', ['x', 'y']), 'exchanged')
      assert.deepEqual([await info(subject, 'k'), await subject.store.listObjectParts(query)], before)
      assert.equal(await content(subject, 'k'), '<joined><z>')
      const expected = ['-: joined 0+200', '-: z 0+100', '1: joined 0+100', '2: joined 100+100', '3: z 0+100']
      assert.deepEqual((await stretches(subject)).toSorted(), expected)
      assert.deepEqual(await holders(subject), ['main joined 1', 'main joined 2', 'main z 3'])
      assert.deepEqual(await subject.store.inspection.contradictions(), [])
      assert.deepEqual(await collect(subject), ['x', 'y'])
      const again = await subject.store.completeUpload(completion('u', [1, 2, 3]))
      assert.equal(again.outcome, 'completed')
      await remove(subject, 'k')
      assert.deepEqual(await collect(subject), ['joined', 'z'])
    },
  },
  {
    name: 'exchange: blobs of another backend, under the same names; inline bytes stay where they are',
    async run(subject) {
      await makeBucket(subject)
      const other = (name: string): BlobRef => ({ ...blob(name), backendId: 'other' })
      await subject.store.createUpload({ upload: newUpload('u'), require: requirement() })
      const stretch = { ...blobExtent('x', 40), storedOffset: 60, crc32c: null }
      await sendPart(subject, 'u', { number: 1, extents: [stretch, inlineExtent('in'), blobExtent('x')], fresh: ['x'] })
      await subject.store.completeUpload(completion('u', [1]))
      await shareBlobs(subject, 'copy', ['x'])
      for (const [key, fresh] of [
        ['k', [other('x')]],
        ['copy', []],
      ] as const) {
        if (fresh.length > 0) await subject.store.reserveBlobs({ processId: PROCESS, blobs: fresh })
        assert.equal(await exchange(subject, key, ['x'], { to: other('x'), fresh }), 'exchanged')
      }
      assert.equal(await content(subject, 'k'), '<x>in<x>')
      assert.deepEqual(await holders(subject), ['other x -', 'other x 1'])
      const { extents } = await placesOf(subject, 'k')
      assert.deepEqual(extents[0], { ...stretch, backendId: 'other', shared: true })
      assert.deepEqual(await collect(subject), ['x'])
    },
  },
  {
    name: 'exchange: of a former version; one that is gone, or that names other blobs by now, changes nothing',
    async run(subject) {
      await makeBucket(subject, 'enabled')
      await putBlobs(subject, 'k', { names: ['x', 'y'], object: { versionId: 'v1' } })
      await putBlobs(subject, 'k', { names: ['z'], object: { versionId: 'v2' } })
      const { manifestId } = await placesOf(subject, 'k', 'v1')
      const sequence = (await info(subject, 'k', 'v1'))?.sequence ?? -1
      assert.equal(await exchange(subject, 'k', ['x', 'y'], { versionId: 'v1' }), 'exchanged')
      assert.equal(await content(subject, 'k', 'v1'), '<joined>')
      assert.equal(await content(subject, 'k'), '<z>')
      assert.equal(await exchange(subject, 'k', ['x', 'y'], { versionId: 'v1', to: blob('again') }), 'changed')
      assert.equal(await exchange(subject, 'k', ['z'], { manifestId, to: blob('another') }), 'changed')
      await remove(subject, 'k', { versionId: 'v1' })
      const late = { bucketId: BUCKET, key: 'k', sequence, manifestId, moves: [{ from: blob('joined'), to: blob('again'), offset: 0 }] }
      assert.deepEqual(await subject.store.exchangeExtents({ ...late, fresh: [blob('again')] }), { outcome: 'changed' })
      const abandoned = await subject.store.abandonBlobs([blob('again'), blob('another')])
      assert.deepEqual(abandoned.map((each): string => each.blob).toSorted(), ['again', 'another'], 'they are reserved still')
    },
  },
  {
    name: 'exchange: a blob that can gain no reference any more takes nothing over',
    async run(subject) {
      await makeBucket(subject)
      await putBlobs(subject, 'k', ['x', 'y'])
      await subject.store.reserveBlobs({ processId: PROCESS, blobs: [blob('lost')] })
      await subject.store.abandonBlobs([blob('lost')])
      assert.equal(await exchange(subject, 'k', ['x', 'y'], { to: blob('lost'), fresh: [blob('lost')] }), 'blob-gone')
      assert.equal(await exchange(subject, 'k', ['x', 'y'], { to: blob('unheard-of'), fresh: [] }), 'blob-gone')
      assert.equal(await content(subject, 'k'), '<x><y>')
      assert.deepEqual(await holders(subject), ['main x -', 'main y -'])
    },
  },
  {
    name: 'exchange: what it has let go of gains no reference any more',
    async run(subject) {
      await makeBucket(subject)
      await putBlobs(subject, 'k', ['x', 'y'])
      assert.equal(await exchange(subject, 'k', ['x', 'y']), 'exchanged')
      assert.deepEqual(await shareBlobs(subject, 'copy', ['x', 'y']), { outcome: 'blob-gone', fresh: false })
      assert.equal((await shareBlobs(subject, 'copy', ['joined'])).outcome, 'committed')
      await remove(subject, 'k')
      assert.deepEqual(await collect(subject), ['x', 'y'])
      assert.equal(await content(subject, 'copy'), '<joined>')
    },
  },
]
