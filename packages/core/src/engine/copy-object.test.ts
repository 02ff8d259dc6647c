import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { bytesOf, describeOnEachStore, openTestEngine, overriding, readAll } from '../../test/engine-matrix.ts'
import type { TestEngine } from '../../test/engine-matrix.ts'

const LIMITS = { inlineSizeMax: 100 }

async function contentOf({ session, bucket }: TestEngine, key: string): Promise<Buffer> {
  const opened = await session.getObject({ bucket, key })
  return opened.bytes === null ? readAll(await opened.open()) : Buffer.from(opened.bytes)
}

async function blobCount({ backend }: TestEngine): Promise<number> {
  let count = 0
  for await (const _ of backend.list({ prefix: '' })) count += 1
  return count
}

describeOnEachStore('copyObject', (store) => {
  test.each([0, 50, 5_000])('shares what %i bytes are stored in; the copy outlives its source', async (size) => {
    const world = await openTestEngine(store, { limits: LIMITS })
    const { session, bucket, engine } = world
    const attributes = { headers: { contentType: 'a/b' }, userMetadata: { m: '1' }, tags: { t: '1' } }
    const source = await session.putObject({ bucket, key: 'source', body: bytesOf(size), ...attributes, legalHold: false })
    const { info, sourceVersionId } = await session.copyObject({ bucket, key: 'copy', source: { bucket, key: 'source' } })
    expect(sourceVersionId).toBe('null')
    expect(info).toMatchObject({ ...attributes, key: 'copy', size, etag: source.etag, retention: null })
    await session.deleteObject({ bucket, key: 'source' })
    expect((await contentOf(world, 'copy')).equals(bytesOf(size))).toBe(true)
    expect(await blobCount(world)).toBe(size > LIMITS.inlineSizeMax ? 1 : 0)
    await engine.close()
  })

  test('takes new metadata and tags where it is told to', async () => {
    const { session, bucket, engine } = await openTestEngine(store)
    const source = { bucket, key: 'source' }
    await session.putObject({ ...source, body: bytesOf(5), headers: { contentType: 'a/b' }, userMetadata: { m: '1' }, tags: { t: '1' } })
    const userMetadata = { n: '2' }
    const headers = { contentType: 'c/d' }
    const tags = { u: '2' }
    const copy = (directives: object): Promise<unknown> =>
      session.copyObject({ bucket, key: 'copy', source, headers, userMetadata, tags, ...directives }).then(({ info }) => info)
    expect(await copy({})).toMatchObject({ headers: { contentType: 'a/b' }, userMetadata: { m: '1' }, tags: { t: '1' } })
    expect(await copy({ metadataDirective: 'REPLACE' })).toMatchObject({ headers, userMetadata, tags: { t: '1' } })
    expect(await copy({ taggingDirective: 'REPLACE' })).toMatchObject({ headers: { contentType: 'a/b' }, tags })
    await engine.close()
  })

  test('leaves behind what is one object’s own: where it lies, and where it sends a browser', async () => {
    const { session, bucket, engine } = await openTestEngine(store)
    const source = { bucket, key: 'source' }
    const headers = { contentType: 'a/b', storageClass: 'GLACIER', websiteRedirectLocation: '/there' }
    await session.putObject({ ...source, body: bytesOf(5), headers })
    const copied = async (more: object): Promise<unknown> =>
      (await session.copyObject({ bucket, key: 'copy', source, ...more })).info.headers
    expect(await copied({})).toEqual({ contentType: 'a/b' })
    const own = { contentType: 'c/d', storageClass: 'STANDARD_IA', websiteRedirectLocation: '/here' }
    expect(await copied({ headers: own })).toEqual({ ...own, contentType: 'a/b' })
    expect(await copied({ headers: own, metadataDirective: 'REPLACE' })).toEqual(own)
    const { info } = await session.copyObject({ ...source, source, headers: { storageClass: 'STANDARD' } })
    expect(info.headers).toEqual({ contentType: 'a/b', storageClass: 'STANDARD' })
    await engine.close()
  })

  test('onto itself needs something that changes', async () => {
    const world = await openTestEngine(store, { limits: LIMITS })
    const { session, bucket, engine } = world
    const source = { bucket, key: 'k' }
    await session.putObject({ ...source, body: bytesOf(5_000) })
    const refused = { code: 'InvalidArgument', details: { argument: 'source' } }
    await expect(session.copyObject({ ...source, source })).rejects.toMatchObject(refused)
    const { info } = await session.copyObject({ ...source, source, metadataDirective: 'REPLACE', userMetadata: { new: 'yes' } })
    expect(info.userMetadata).toEqual({ new: 'yes' })
    expect((await contentOf(world, 'k')).equals(bytesOf(5_000))).toBe(true)
    await engine.close()
  })

  test.each([50, 5_000])('computes a checksum that the source of %i bytes does not have', async (size) => {
    const { session, bucket, engine } = await openTestEngine(store, { limits: LIMITS })
    const source = { bucket, key: 'source' }
    await session.putObject({ ...source, body: bytesOf(size) })
    const { info } = await session.copyObject({ bucket, key: 'copy', source, checksumAlgorithm: 'SHA256' })
    const value = createHash('sha256').update(bytesOf(size)).digest('base64')
    expect(info.checksum).toEqual({ algorithm: 'SHA256', type: 'FULL_OBJECT', value })
    expect((await session.copyObject({ bucket, key: 'again', source: { bucket, key: 'copy' } })).info.checksum).toEqual(info.checksum)
    await engine.close()
  })

  test('copies a version, and never a delete marker', async () => {
    const world = await openTestEngine(store, { versioning: 'enabled' })
    const { session, bucket, engine } = world
    const old = await session.putObject({ bucket, key: 'k', body: Buffer.from('old') })
    const marker = await session.deleteObject({ bucket, key: 'k' })
    const copy = (versionId: string | null): Promise<unknown> =>
      session.copyObject({ bucket, key: 'k', source: { bucket, key: 'k', ...(versionId === null ? {} : { versionId }) } })
    await expect(copy(null)).rejects.toMatchObject({ code: 'InvalidArgument' })
    await expect(copy(marker.versionId)).rejects.toMatchObject({ code: 'DeleteMarkerFound' })
    await expect(copy(old.versionId)).resolves.toMatchObject({ sourceVersionId: old.versionId })
    expect((await contentOf(world, 'k')).toString()).toBe('old')
    await expect(session.copyObject({ bucket, key: 'x', source: { bucket, key: 'gone' } })).rejects.toMatchObject({
      code: 'ObjectNotFound',
    })
    await engine.close()
  })

  test('holds the conditions on the source against the source, and those on the target against the target', async () => {
    const { session, bucket, engine } = await openTestEngine(store)
    const { etag } = await session.putObject({ bucket, key: 'source', body: bytesOf(1) })
    const copy = (source: object, target: object): Promise<unknown> =>
      session.copyObject({ bucket, key: 'copy', source: { bucket, key: 'source', conditions: source }, conditions: target })
    await expect(copy({ ifMatch: ['x'] }, {})).rejects.toMatchObject({ details: { condition: 'if-match' } })
    await expect(copy({ ifNoneMatch: [etag] }, {})).rejects.toMatchObject({ code: 'PreconditionFailed' })
    await expect(copy({}, { ifMatch: [etag] })).rejects.toMatchObject({ code: 'ObjectNotFound' })
    await copy({ ifMatch: [etag] }, { ifNoneMatch: '*' })
    await expect(copy({}, { ifNoneMatch: '*' })).rejects.toMatchObject({ details: { condition: 'if-none-match' } })
    await engine.close()
  })

  test('a source that is overwritten between reading and commit is read again', async () => {
    let interfere: (() => Promise<unknown>) | null = null
    const events: unknown[] = []
    const world = await openTestEngine(store, {
      limits: LIMITS,
      observer: { event: (name, fields) => events.push({ name, because: fields['because'] }) },
      wrapStore: (inner) =>
        overriding(inner, {
          commitObject: async (command) => {
            const now = interfere
            interfere = null
            await now?.()
            return inner.commitObject(command)
          },
        }),
    })
    const { session, bucket, engine } = world
    await session.putObject({ bucket, key: 'source', body: bytesOf(5_000, 1) })
    interfere = () => session.putObject({ bucket, key: 'source', body: bytesOf(5_000, 2) })
    await session.copyObject({ bucket, key: 'copy', source: { bucket, key: 'source' } })
    expect((await contentOf(world, 'copy')).equals(bytesOf(5_000, 2))).toBe(true)
    expect(events).toContainEqual({ name: 'commit.retried', because: 'blob-gone' })
    await engine.close()
  })
})
