import { expect, test } from 'vitest'
import { bytesOf, describeOnEachStore, openTestEngine } from '../../../test/engine-matrix.ts'
import { accountCaller } from '../../policy/caller.ts'
import type { Caller } from '../../policy/caller.ts'
import { systemPrincipal } from '../../policy/system-principal.ts'

const user = (sub: string): Caller => ({
  principal: { kind: 'role', role: 'authenticated', sub, claims: {}, bypassRls: false },
  account: 'owner',
  scope: null,
  credentialId: null,
})

describeOnEachStore('listUploads', (store) => {
  test('by key and by the time they were begun, in pages, grouped by a delimiter', async () => {
    const { session, bucket, engine } = await openTestEngine(store)
    const keys = ['b', 'a/2', 'a/1', 'b', 'c/x/1', 'b', 'd']
    const ids = new Map<string, string[]>()
    for (const key of keys) {
      const { uploadId } = await session.createUpload({ bucket, key })
      ids.set(key, [...(ids.get(key) ?? []), uploadId])
    }
    await session.createAppendUpload({ bucket, key: 'append' })
    const expected = [...keys].sort().map((key) => [key, ids.get(key)?.shift()])
    for (const limit of [1, 2, 3, 1000]) {
      const seen: unknown[] = []
      let marker: { readonly keyMarker?: string; readonly uploadIdMarker?: string } | null = {}
      while (marker !== null) {
        const page: Awaited<ReturnType<typeof session.listUploads>> = await session.listUploads({ bucket, limit, ...marker })
        expect(page.uploads.length).toBeLessThanOrEqual(limit)
        seen.push(...page.uploads.map(({ key, uploadId }) => [key, uploadId]))
        marker = page.truncated ? { keyMarker: page.nextKeyMarker ?? '', uploadIdMarker: page.nextUploadIdMarker ?? '' } : null
      }
      expect(seen).toEqual(expected)
    }
    const grouped = await session.listUploads({ bucket, delimiter: '/' })
    expect(grouped.commonPrefixes).toEqual(['a/', 'c/'])
    expect(grouped.uploads.map(({ key }) => key)).toEqual(['b', 'b', 'b', 'd'])
    const behind = await session.listUploads({ bucket, delimiter: '/', keyMarker: 'a/' })
    expect([behind.commonPrefixes, behind.uploads.length]).toEqual([['c/'], 4])
    expect((await session.listUploads({ bucket, keyMarker: 'b' })).uploads.map(({ key }) => key)).toEqual(['c/x/1', 'd'])
    expect((await session.listUploads({ bucket, prefix: 'a/' })).uploads.map(({ key }) => key)).toEqual(['a/1', 'a/2'])
    expect(await session.listUploads({ bucket, limit: 0 })).toMatchObject({ uploads: [], truncated: false })
    await engine.close()
  })

  test('shows everybody their own uploads, and all to whom the bucket belongs', async () => {
    const { session, bucket, engine } = await openTestEngine(store)
    const [ann, bob] = [engine.as(user('ann')), engine.as(user('bob'))]
    const mine = await ann.createUpload({ bucket, key: 'k' })
    await bob.createUpload({ bucket, key: 'k' })
    expect(mine.ownerId).toBe('ann')
    const at = { bucket, key: 'k', uploadId: mine.uploadId }
    expect((await ann.listUploads({ bucket })).uploads.map(({ ownerId }) => ownerId)).toEqual(['ann'])
    expect((await bob.listUploads({ bucket })).uploads.map(({ ownerId }) => ownerId)).toEqual(['bob'])
    const operator = engine.as({ principal: systemPrincipal('test'), account: null, scope: null, credentialId: null })
    for (const all of [session, operator]) expect((await all.listUploads({ bucket })).uploads).toHaveLength(2)
    expect((await engine.as(accountCaller('stranger')).listUploads({ bucket })).uploads).toEqual([])
    for (const call of [
      () => bob.uploadPart({ ...at, partNumber: 1, body: bytesOf(1) }),
      () => bob.listParts(at),
      () => bob.abortUpload(at),
      () => bob.completeUpload({ ...at, parts: [{ partNumber: 1, etag: 'x' }] }),
    ]) {
      await expect(call()).rejects.toMatchObject({ code: 'UploadNotFound' })
    }
    const { etag } = await operator.uploadPart({ ...at, partNumber: 1, body: bytesOf(1) })
    const object = await session.completeUpload({ ...at, parts: [{ partNumber: 1, etag }] })
    expect(object.ownerId).toBe('ann')
    await engine.close()
  })

  test('users of other accounts with the same id, and accounts called like one, are others', async () => {
    const { bucket, engine } = await openTestEngine(store)
    const callers: readonly Caller[] = [
      { ...user('ann'), account: 'red' },
      { ...user('ann'), account: 'blue' },
      { ...user('ann'), account: null },
      user('ann'),
      accountCaller('ann'),
      { ...user('ann'), account: 'ann' },
    ]
    const uploads = []
    for (const caller of callers) uploads.push(await engine.as(caller).createUpload({ bucket, key: 'k' }))
    for (const [at, caller] of callers.entries()) {
      const session = engine.as(caller)
      expect((await session.listUploads({ bucket })).uploads.map(({ uploadId }) => uploadId)).toEqual([uploads[at]?.uploadId])
      for (const { uploadId } of uploads) {
        const found = await session.listParts({ bucket, key: 'k', uploadId }).then(
          () => true,
          (error: { code: string }) => error.code !== 'UploadNotFound',
        )
        expect([at, uploadId, found]).toEqual([at, uploadId, uploadId === uploads[at]?.uploadId])
      }
    }
    await engine.close()
  })

  test('a bypass that the role does not have shows nobody else’s uploads', async () => {
    const { session, bucket, engine } = await openTestEngine(store)
    const claiming = (role: string): Caller => ({
      ...user('ann'),
      principal: { kind: 'role', role, sub: 'ann', claims: {}, bypassRls: true },
    })
    await session.createUpload({ bucket, key: 'k' })
    expect((await engine.as(claiming('authenticated')).listUploads({ bucket })).uploads).toEqual([])
    expect((await engine.as(claiming('service_role')).listUploads({ bucket })).uploads).toHaveLength(1)
    await engine.close()
  })

  test('a credential for a prefix sees the uploads below it', async () => {
    const { session, bucket, engine, owner } = await openTestEngine(store)
    for (const key of ['a/1', 'b/1']) await session.createUpload({ bucket, key })
    const scoped = engine.as({ ...owner, scope: { prefixes: ['a/'] } })
    expect((await scoped.listUploads({ bucket })).uploads.map(({ key }) => key)).toEqual(['a/1'])
    await expect(scoped.createUpload({ bucket, key: 'b/2' })).rejects.toMatchObject({ code: 'AccessDenied' })
    await engine.close()
  })
})

describeOnEachStore('listParts', (store) => {
  test('in pages, by number', async () => {
    const { session, bucket, engine } = await openTestEngine(store)
    const { uploadId } = await session.createUpload({ bucket, key: 'k' })
    const at = { bucket, key: 'k', uploadId }
    for (const partNumber of [5, 1, 9, 3]) await session.uploadPart({ ...at, partNumber, body: bytesOf(partNumber) })
    const first = await session.listParts({ ...at, limit: 2 })
    expect([first.parts.map(({ partNumber }) => partNumber), first.truncated, first.nextPartNumberMarker]).toEqual([[1, 3], true, 3])
    const second = await session.listParts({ ...at, limit: 2, partNumberMarker: 3 })
    expect([second.parts.map(({ partNumber }) => partNumber), second.truncated]).toEqual([[5, 9], false])
    expect(await session.listParts({ ...at, limit: 0 })).toMatchObject({ parts: [], truncated: false })
    for (const partNumberMarker of [-1, 0.5]) {
      await expect(session.listParts({ ...at, partNumberMarker })).rejects.toMatchObject({ code: 'InvalidArgument' })
    }
    expect(Object.keys(first.upload)).not.toContain('hashState')
    await engine.close()
  })
})
