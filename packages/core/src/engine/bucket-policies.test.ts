import { expect, test } from 'vitest'
import { bytesOf, describeOnEachStore, openTestEngine } from '../../test/engine-matrix.ts'
import { openPolicyEngine, policyOf, userOf } from '../../test/policy-engine.ts'
import { storedPolicies } from '../access/stored-policies.ts'
import { accountCaller, ANONYMOUS } from '../policy/caller.ts'
import { ownersOnly } from '../policy/ownership.ts'

const READABLE = JSON.stringify({
  Version: '2012-10-17',
  Statement: { Effect: 'Allow', Principal: '*', Action: 's3:GetObject', Resource: 'arn:aws:s3:::bucket/open/*' },
})

describeOnEachStore('bucket policies', (store) => {
  test('cannot be put where nothing would go by them', async () => {
    const { engine, session, bucket } = await openTestEngine(store, { policy: ownersOnly() })
    await expect(session.putBucketPolicy({ bucket, policy: READABLE })).rejects.toMatchObject({ code: 'NotSupported' })
    await expect(session.getBucketPolicy({ bucket })).rejects.toMatchObject({ code: 'BucketPolicyNotFound' })
    await engine.close()
  })

  test('are put, read, and deleted, by the owner alone', async () => {
    const { engine, session, bucket } = await openPolicyEngine(store)
    await expect(session.getBucketPolicy({ bucket })).rejects.toMatchObject({ code: 'BucketPolicyNotFound' })
    await expect(session.getBucketPolicyStatus({ bucket })).rejects.toMatchObject({ code: 'BucketPolicyNotFound' })
    const text = ` ${READABLE}\n`
    await session.putBucketPolicy({ bucket, policy: text })
    expect(await session.getBucketPolicy({ bucket })).toBe(text)
    expect(await session.getBucketPolicyStatus({ bucket })).toEqual({ isPublic: true })
    for (const caller of [ANONYMOUS, accountCaller('other'), userOf('ann')]) {
      const other = engine.as(caller)
      for (const call of [
        () => other.getBucketPolicy({ bucket }),
        () => other.getBucketPolicyStatus({ bucket }),
        () => other.putBucketPolicy({ bucket, policy: READABLE }),
        () => other.deleteBucketPolicy({ bucket }),
      ]) {
        await expect(call()).rejects.toMatchObject({ code: 'AccessDenied' })
      }
    }
    await session.deleteBucketPolicy({ bucket })
    await session.deleteBucketPolicy({ bucket })
    await expect(session.getBucketPolicy({ bucket })).rejects.toMatchObject({ code: 'BucketPolicyNotFound' })
    await engine.close()
  })

  test('take effect at once, and no longer than they are there', async () => {
    const { engine, session, bucket } = await openPolicyEngine(store)
    await session.putObject({ bucket, key: 'open/1', body: bytesOf(10) })
    await session.putObject({ bucket, key: 'shut/1', body: bytesOf(10) })
    const anybody = engine.as(ANONYMOUS)
    await expect(anybody.headObject({ bucket, key: 'open/1' })).rejects.toMatchObject({ code: 'AccessDenied' })
    await session.putBucketPolicy({ bucket, policy: READABLE })
    expect((await anybody.headObject({ bucket, key: 'open/1' })).info.size).toBe(10)
    for (const key of ['shut/1', 'open/nothing', 'shut/nothing']) {
      await expect(anybody.headObject({ bucket, key })).rejects.toMatchObject({ code: 'AccessDenied' })
    }
    await expect(anybody.listObjects({ bucket })).rejects.toMatchObject({ code: 'AccessDenied' })
    await session.deleteBucketPolicy({ bucket })
    await expect(anybody.headObject({ bucket, key: 'open/1' })).rejects.toMatchObject({ code: 'AccessDenied' })
    await engine.close()
  })

  test('what is not understood is not stored', async () => {
    const { engine, session, bucket } = await openPolicyEngine(store)
    await session.putBucketPolicy({ bucket, policy: READABLE })
    for (const policy of ['', '{}', READABLE.replace('bucket/', 'other/'), READABLE.replace('"Effect"', '"Condition":{"X":{}},"Effect"')]) {
      await expect(session.putBucketPolicy({ bucket, policy })).rejects.toMatchObject({ code: 'MalformedPolicy' })
    }
    expect(await session.getBucketPolicy({ bucket })).toBe(READABLE)
    await engine.close()
  })

  test('an owner who denies everybody can still take it back', async () => {
    const { engine, session, bucket } = await openPolicyEngine(store)
    const policy = JSON.stringify({
      Statement: [{ Effect: 'Deny', Principal: '*', Action: 's3:*', Resource: ['arn:aws:s3:::bucket', 'arn:aws:s3:::bucket/*'] }],
    })
    await session.putBucketPolicy({ bucket, policy })
    await expect(session.putObject({ bucket, key: 'k', body: bytesOf(1) })).rejects.toMatchObject({ code: 'AccessDenied' })
    await expect(session.deleteBucket({ bucket })).rejects.toMatchObject({ code: 'AccessDenied' })
    await session.deleteBucketPolicy({ bucket })
    await session.putObject({ bucket, key: 'k', body: bytesOf(1) })
    await engine.close()
  })

  test('go with their bucket: one of the same name has none', async () => {
    const { engine, session, bucket, metadata } = await openPolicyEngine(store)
    await session.putBucketPolicy({ bucket, policy: READABLE })
    await session.deleteBucket({ bucket })
    await session.createBucket({ bucket })
    await expect(session.getBucketPolicy({ bucket })).rejects.toMatchObject({ code: 'BucketPolicyNotFound' })
    expect((await metadata.listDocuments({ kind: 'bucket-policy', after: null, limit: 10 })).documents).toEqual([])
    await engine.close()
  })

  test('a listing is allowed by its prefix, whole', async () => {
    const { engine, session, bucket } = await openPolicyEngine(store)
    for (const key of ['ann/1', 'bob/1']) await session.putObject({ bucket, key, body: bytesOf(1) })
    await session.putBucketPolicy({
      bucket,
      policy: JSON.stringify({
        Version: '2012-10-17',
        Statement: {
          Effect: 'Allow',
          Principal: { AWS: 'arn:aws:iam::owner:role/authenticated' },
          Action: 's3:ListBucket',
          Resource: 'arn:aws:s3:::bucket',
          Condition: { StringLike: { 's3:prefix': '${jwt:sub}/*' } },
        },
      }),
    })
    const ann = engine.as(userOf('ann'))
    expect((await ann.listObjects({ bucket, prefix: 'ann/' })).objects.map(({ key }) => key)).toEqual(['ann/1'])
    // Where no statement speaks, row-level security decides, and shows nothing.
    for (const prefix of ['', 'bob/', 'a']) expect((await ann.listObjects({ bucket, prefix })).objects).toEqual([])
    await engine.close()
  })

  test('deny what row-level security allows', async () => {
    const { engine, session, policies, bucket } = await openPolicyEngine(store)
    await policies.change({ putPolicies: [policyOf({})] })
    const ann = engine.as(userOf('ann'))
    await ann.putObject({ bucket, key: 'ann/1', body: bytesOf(1) })
    await session.putBucketPolicy({
      bucket,
      policy: JSON.stringify({
        Statement: { Effect: 'Deny', Principal: '*', Action: ['s3:GetObject', 's3:PutObject'], Resource: 'arn:aws:s3:::bucket/ann/*' },
      }),
    })
    await expect(ann.headObject({ bucket, key: 'ann/1' })).rejects.toMatchObject({ code: 'AccessDenied' })
    await expect(ann.putObject({ bucket, key: 'ann/2', body: bytesOf(1) })).rejects.toMatchObject({ code: 'AccessDenied' })
    expect((await ann.listObjects({ bucket })).objects.map(({ key }) => key)).toEqual(['ann/1'])
    await engine.close()
  })

  test('another set over the same store hears of them by the version', async () => {
    const { engine, session, bucket, metadata } = await openPolicyEngine(store)
    const another = storedPolicies({ metadata })
    const { id, account, ...rest } = await session.headBucket({ bucket })
    const access = (policyVersion: number) =>
      another.require({
        caller: ANONYMOUS, action: 'object.read', request: { operation: 'GetObject', at: new Date(0), facts: new Map() }, side: 'target',
        bucket: { id, account, ...rest }, key: 'open/1', versionId: null, overwrite: null, listing: null, policyVersion }) // prettier-ignore
    expect(await access(1)).toMatchObject({ existing: { v: false } })
    await session.putBucketPolicy({ bucket, policy: READABLE })
    expect(await access(await metadata.policyVersion())).toMatchObject({ existing: { v: true } })
    await engine.close()
  })
})
