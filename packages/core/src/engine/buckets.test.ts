import { expect, test } from 'vitest'
import { bytesOf, describeOnEachStore, openTestEngine } from '../../test/engine-matrix.ts'
import { accountCaller, ANONYMOUS } from '../policy/caller.ts'
import { NEVER } from '../policy/predicate.ts'
import { unconditional } from '../policy/requirement.ts'
import type { Access, Requirement } from '../policy/policy.ts'

describeOnEachStore('buckets', (store) => {
  test('are made, found, listed and deleted', async () => {
    const { session, engine } = await openTestEngine(store)
    const bucket = { name: 'another', jurisdiction: 'eu' }
    const made = await session.createBucket({ bucket, public: true, versioning: 'enabled' })
    expect(made).toMatchObject({ ...bucket, account: 'owner', public: true, versioning: 'enabled' })
    expect(await session.headBucket({ bucket })).toEqual(made)
    await expect(session.headBucket({ bucket: { name: 'another' } })).rejects.toMatchObject({ code: 'BucketNotFound' })
    expect((await session.listBuckets()).buckets.map(({ name }) => name)).toEqual(['another', 'bucket'])
    await session.deleteBucket({ bucket })
    const calls = [
      () => session.headBucket({ bucket }),
      () => session.deleteBucket({ bucket }),
      () => session.putObject({ bucket, key: 'k', body: bytesOf(1) }),
    ]
    for (const call of calls) await expect(call()).rejects.toMatchObject({ code: 'BucketNotFound', details: { bucket: 'another' } })
    await engine.close()
  })

  test('a name is taken once in a jurisdiction; the answer says whose it is', async () => {
    const { session, bucket, engine } = await openTestEngine(store)
    await expect(session.createBucket({ bucket })).rejects.toMatchObject({ code: 'BucketAlreadyExists', details: { ownedByCaller: true } })
    for (const caller of [accountCaller('other'), ANONYMOUS]) {
      await expect(engine.as(caller).createBucket({ bucket })).rejects.toMatchObject({ details: { ownedByCaller: false } })
    }
    await expect(session.createBucket({ bucket: { name: 'Bad_Name' } })).rejects.toMatchObject({ code: 'InvalidBucketName' })
    // As from JavaScript.
    const versioning = 'perhaps' as 'off'
    await expect(session.createBucket({ bucket: { name: 'new' }, versioning })).rejects.toMatchObject({
      code: 'InvalidArgument',
      details: { argument: 'versioning' },
    })
    await engine.close()
  })

  test('what is in one keeps it', async () => {
    const { session, bucket, engine } = await openTestEngine(store, { versioning: 'enabled' })
    await session.putObject({ bucket, key: 'k', body: bytesOf(1) })
    await session.deleteObject({ bucket, key: 'k' })
    await expect(session.deleteBucket({ bucket })).rejects.toMatchObject({ code: 'BucketNotEmpty', details: { bucket: 'bucket' } })
    await engine.close()
  })

  test('an account sees its own in lists; pages follow each other; a scope hides', async () => {
    const { session, engine } = await openTestEngine(store)
    for (const name of ['b-1', 'b-2', 'c-1']) await session.createBucket({ bucket: { name } })
    await engine.as(accountCaller('other')).createBucket({ bucket: { name: 'b-3' } })
    const first = await session.listBuckets({ prefix: 'b', limit: 2 })
    expect(first.buckets.map(({ name }) => name)).toEqual(['b-1', 'b-2'])
    const second = await session.listBuckets({ prefix: 'b', limit: 2, continuationToken: first.nextToken ?? '' })
    expect([second.buckets.map(({ name }) => name), second.nextToken]).toEqual([['bucket'], null])
    expect((await engine.as(accountCaller('other')).listBuckets()).buckets.map(({ name }) => name)).toEqual(['b-3'])
    expect((await session.listBuckets({ limit: 0 })).buckets).toEqual([])
    await expect(session.listBuckets({ continuationToken: 'nonsense' })).rejects.toMatchObject({ code: 'InvalidArgument' })
    const buckets = [
      { jurisdiction: 'default', name: 'b-2' },
      { jurisdiction: 'eu', name: 'c-1' },
    ]
    const scoped = engine.as({ ...accountCaller('owner'), scope: { buckets } })
    expect((await scoped.listBuckets()).buckets.map(({ name }) => name)).toEqual(['b-2'])
    await engine.close()
  })

  test('a bucket may be forbidden, or not there, to whom may not see it', async () => {
    for (const [deniedExisting, code] of [
      ['forbidden', 'AccessDenied'],
      ['absent', 'BucketNotFound'],
    ] as const) {
      const policy = {
        require: ({ action, policyVersion }: Access): Requirement => ({
          ...unconditional(policyVersion),
          ...(action === 'bucket.read' ? { existing: NEVER, deniedExisting } : {}),
        }),
      }
      const { session, bucket, engine } = await openTestEngine(store, { policy })
      await expect(session.headBucket({ bucket })).rejects.toMatchObject({ code })
      await engine.close()
    }
  })

  test('versioning is set, here and by another process', async () => {
    const { session, bucket, engine, metadata } = await openTestEngine(store)
    await expect(session.setVersioning({ bucket, versioning: 'off' as 'enabled' })).rejects.toMatchObject({ code: 'InvalidArgument' })
    await session.setVersioning({ bucket, versioning: 'enabled' })
    expect(await session.headBucket({ bucket })).toMatchObject({ versioning: 'enabled' })
    const first = await session.putObject({ bucket, key: 'k', body: bytesOf(1) })
    expect(first.versionId).not.toBe('null')
    // As another process does it.
    const { id } = await session.headBucket({ bucket })
    const require = unconditional(await metadata.policyVersion())
    await metadata.setVersioning({ bucketId: id, versioning: 'suspended', require })
    expect(await session.putObject({ bucket, key: 'k', body: bytesOf(2) })).toMatchObject({ versionId: 'null' })
    expect((await session.listVersions({ bucket })).versions.map(({ versionId }) => versionId)).toEqual(['null', first.versionId])
    await engine.close()
  })

  test('what was decided under a versioning that another process has changed is decided again', async () => {
    const seen: (string | undefined)[] = []
    const policy = {
      require: ({ bucket, policyVersion }: Access): Requirement => {
        seen.push(bucket?.versioning)
        return unconditional(policyVersion)
      },
    }
    const { session, bucket, engine, metadata } = await openTestEngine(store, { policy })
    const { id } = await session.headBucket({ bucket })
    const require = unconditional(await metadata.policyVersion())
    const acts = [
      () => session.putObject({ bucket, key: 'k', body: bytesOf(1) }),
      () => session.deleteObject({ bucket, key: 'k' }),
      () => session.createUpload({ bucket, key: 'k' }),
      () => session.setVersioning({ bucket, versioning: 'enabled' }),
    ]
    for (const act of acts) {
      await metadata.setVersioning({ bucketId: id, versioning: 'enabled', require })
      await session.putObject({ bucket, key: 'k', body: bytesOf(1) })
      await metadata.setVersioning({ bucketId: id, versioning: 'suspended', require })
      seen.length = 0
      await act()
      expect(seen).toEqual(['enabled', 'suspended'])
    }
    await engine.close()
  })

  test("whoever toggles the versioning of a bucket is in the way of nobody's commits in others", async () => {
    const policy = {
      require: async ({ action, bucket, policyVersion }: Access): Promise<Requirement> => {
        // Between the policy's answer and the commit.
        if (action === 'object.write' && bucket?.name === 'bucket') {
          for (const versioning of ['enabled', 'suspended'] as const)
            await session.setVersioning({ bucket: { name: 'restless' }, versioning })
        }
        return unconditional(policyVersion)
      },
    }
    const { session, bucket, engine } = await openTestEngine(store, { policy, limits: { commitRetriesMax: 0 } })
    await session.createBucket({ bucket: { name: 'restless' } })
    for (let size = 1; size < 4; size += 1) {
      expect(await session.putObject({ bucket, key: 'k', body: bytesOf(size) })).toMatchObject({ size })
    }
    await engine.close()
  })

  test('one that was remembered and is another one now is found anew by reads, too', async () => {
    const { session, bucket, engine, metadata } = await openTestEngine(store)
    await session.putObject({ bucket, key: 'k', body: bytesOf(1) })
    const before = await session.headBucket({ bucket })
    await session.deleteObject({ bucket, key: 'k' })
    // As another process does it.
    const require = unconditional(await metadata.policyVersion())
    await metadata.deleteBucket({ bucketId: before.id, require })
    for (const call of [() => session.headObject({ bucket, key: 'k' }), () => session.listObjects({ bucket })]) {
      await expect(call()).rejects.toMatchObject({ code: 'BucketNotFound' })
    }
    await metadata.createBucket({ bucket: { ...before, id: 'another' }, require })
    await session.putObject({ bucket, key: 'new', body: bytesOf(2) })
    expect((await session.listObjects({ bucket })).objects.map(({ key }) => key)).toEqual(['new'])
    expect((await session.getObject({ bucket, key: 'new' })).length).toBe(2)
    await engine.close()
  })
})
