import { expect, test } from 'vitest'
import { bytesOf, describeOnEachStore, garbageOf, openTestEngine, overriding } from '../../test/engine-matrix.ts'
import { StorageError } from '../errors/storage-error.ts'
import { accountCaller } from '../policy/caller.ts'
import { unconditional } from '../policy/requirement.ts'

const NOTHING_LEFT = { versionId: null, deleteMarker: false }

describeOnEachStore('deleteObjects', (store) => {
  test('deletes what is there, and what is not; the blobs become garbage', async () => {
    const { session, bucket, engine, metadata } = await openTestEngine(store, { limits: { inlineSizeMax: 100 } })
    for (const key of ['a', 'b']) await session.putObject({ bucket, key, body: bytesOf(5_000) })
    await session.putObject({ bucket, key: 'c', body: bytesOf(5) })
    expect(await session.deleteObject({ bucket, key: 'a' })).toEqual(NOTHING_LEFT)
    expect(await session.deleteObject({ bucket, key: 'a' })).toEqual(NOTHING_LEFT)
    const results = await session.deleteObjects({ bucket, objects: [{ key: 'c' }, { key: '' }, { key: 'b' }, { key: 'x' }] })
    expect(results).toMatchObject([
      { key: 'c', requestedVersionId: null, deleted: NOTHING_LEFT, error: null },
      { key: '', deleted: null, error: { code: 'InvalidArgument' } },
      { key: 'b', deleted: NOTHING_LEFT },
      { key: 'x', deleted: NOTHING_LEFT },
    ])
    for (const key of ['a', 'b', 'c']) await expect(session.headObject({ bucket, key })).rejects.toMatchObject({ code: 'ObjectNotFound' })
    expect((await garbageOf(metadata)).queued).toBe(2)
    await engine.close()
  })

  test('conditions hold for each key on its own', async () => {
    const { session, bucket, engine } = await openTestEngine(store)
    const { etag } = await session.putObject({ bucket, key: 'k', body: bytesOf(1) })
    await expect(session.deleteObject({ bucket, key: 'k', conditions: { ifMatch: ['x'] } })).rejects.toMatchObject({
      code: 'PreconditionFailed',
      details: { condition: 'if-match' },
    })
    await expect(session.deleteObject({ bucket, key: 'x', conditions: { ifMatch: [etag] } })).rejects.toMatchObject({
      code: 'ObjectNotFound',
    })
    const objects = [
      { key: 'k', conditions: { ifMatch: ['x'] } },
      { key: 'k', conditions: { ifMatch: [etag] } },
    ]
    expect(await session.deleteObjects({ bucket, objects })).toMatchObject([{ error: { code: 'PreconditionFailed' } }, { error: null }])
    await engine.close()
  })

  test('a key that the caller may not see is deleted like one that is not there, named by its version, too', async () => {
    const hidden = { k: 'cmp', op: '<>', a: { k: 'col', n: 'name' }, b: { k: 'lit', t: 'text', v: 'hidden' } } as const
    const { session, bucket, engine } = await openTestEngine(store, {
      policy: {
        require: ({ action, policyVersion }) =>
          action === 'object.delete'
            ? { ...unconditional(policyVersion), existing: hidden, deniedExisting: 'absent' }
            : unconditional(policyVersion),
      },
    })
    await session.putObject({ bucket, key: 'hidden', body: bytesOf(1) })
    for (const version of [{}, { versionId: 'null' }, { versionId: 'never-was' }]) {
      const absent = await session.deleteObject({ bucket, key: 'absent', ...version })
      expect(await session.deleteObject({ bucket, key: 'hidden', ...version })).toEqual(absent)
    }
    expect((await session.headObject({ bucket, key: 'hidden' })).info.size).toBe(1)
    await engine.close()
  })

  test.each(['enabled', 'suspended'] as const)(
    'in a bucket whose versioning is %s it is refused: absence would have left a marker',
    async (versioning) => {
      const hidden = { k: 'cmp', op: '<>', a: { k: 'col', n: 'name' }, b: { k: 'lit', t: 'text', v: 'hidden' } } as const
      const { session, bucket, engine } = await openTestEngine(store, {
        versioning,
        policy: {
          require: ({ action, policyVersion }) =>
            action === 'object.delete'
              ? { ...unconditional(policyVersion), existing: hidden, deniedExisting: 'absent' }
              : unconditional(policyVersion),
        },
      })
      const { etag, versionId } = await session.putObject({ bucket, key: 'hidden', body: bytesOf(1) })
      for (const how of [{}, { versionId }, { conditions: { ifMatch: [etag] } }, { conditions: { ifMatch: ['x'] } }]) {
        await expect(session.deleteObject({ bucket, key: 'hidden', ...how })).rejects.toMatchObject({ code: 'AccessDenied' })
        const [result] = await session.deleteObjects({ bucket, objects: [{ key: 'hidden', ...how }] })
        expect(result?.error).toMatchObject({ code: 'AccessDenied' })
      }
      expect((await session.listVersions({ bucket })).versions).toHaveLength(1)
      await engine.close()
    },
  )

  test('leaves markers in a versioned bucket, and takes exact versions away for good', async () => {
    const { session, bucket, engine } = await openTestEngine(store, { versioning: 'enabled' })
    const { versionId } = await session.putObject({ bucket, key: 'k', body: bytesOf(1) })
    const [marked] = await session.deleteObjects({ bucket, objects: [{ key: 'k' }] })
    expect(marked).toMatchObject({ deleted: { deleteMarker: true } })
    const markerId = marked?.deleted?.versionId ?? ''
    expect(markerId).not.toBe('null')
    expect((await session.headObject({ bucket, key: 'k', versionId })).info.latest).toBe(false)
    const objects = [
      { key: 'k', versionId },
      { key: 'k', versionId: markerId },
      { key: 'k', versionId: 'never-was' },
    ]
    expect(await session.deleteObjects({ bucket, objects })).toMatchObject([
      { requestedVersionId: versionId, deleted: { versionId, deleteMarker: false } },
      { requestedVersionId: markerId, deleted: { versionId: markerId, deleteMarker: true } },
      { deleted: { deleteMarker: false } },
    ])
    await session.deleteBucket({ bucket })
    await engine.close()
  })

  test('a lock keeps a version; governance gives way to the owner who asks', async () => {
    const { session, bucket, engine } = await openTestEngine(store, { versioning: 'enabled' })
    const retention = { mode: 'governance', until: new Date(Date.now() + 86_400_000) } as const
    const { versionId } = await session.putObject({ bucket, key: 'k', body: bytesOf(1), retention })
    const locked = { code: 'ObjectLocked', details: { bucket: 'bucket', key: 'k', versionId } }
    await expect(session.deleteObject({ bucket, key: 'k', versionId })).rejects.toMatchObject(locked)
    const stranger = engine.as(accountCaller('stranger'))
    await expect(stranger.deleteObject({ bucket, key: 'k', versionId, bypassGovernance: true })).rejects.toMatchObject({})
    expect((await session.headObject({ bucket, key: 'k', versionId })).info.retention).toEqual(retention)
    await session.deleteObject({ bucket, key: 'k', versionId, bypassGovernance: true })
    await expect(session.headObject({ bucket, key: 'k', versionId })).rejects.toMatchObject({ code: 'VersionNotFound' })
    await engine.close()
  })

  test('at most so many at once; a fault at one key is that key’s', async () => {
    const { session, bucket, engine } = await openTestEngine(store, {
      limits: { deleteObjectsMax: 2 },
      wrapStore: (inner) =>
        overriding(inner, {
          deleteObjects: async (command) => {
            const error = new StorageError('StoreUnavailable', { store: 'test', reason: 'down' })
            return (await inner.deleteObjects(command)).map((outcome, index) => (index === 0 ? { outcome: 'fault', error } : outcome))
          },
        }),
    })
    const objects = ['a', 'b', 'c'].map((key) => ({ key }))
    await expect(session.deleteObjects({ bucket, objects })).rejects.toMatchObject({ code: 'LimitExceeded' })
    expect(await session.deleteObjects({ bucket, objects: objects.slice(1) })).toMatchObject([
      { error: { code: 'StoreUnavailable' } },
      { error: null },
    ])
    await expect(session.deleteObjects({ bucket: { name: 'nowhere' }, objects: [{ key: 'a' }] })).rejects.toMatchObject({
      code: 'BucketNotFound',
    })
    expect(await session.deleteObjects({ bucket, objects: [] })).toEqual([])
    await engine.close()
  })
})
