import { expect, test } from 'vitest'
import { bytesOf, describeOnEachStore, overriding } from '../../test/engine-matrix.ts'
import { openPolicyEngine, OWN_FOLDER, OWN_ROWS, policyOf, userOf } from '../../test/policy-engine.ts'
import { StorageError } from '../errors/storage-error.ts'
import { ANONYMOUS } from '../policy/caller.ts'
import { cast, col, lit, lt, lte, metadata } from '../policy/predicate-builders.ts'
import { ALWAYS } from '../policy/predicate.ts'
import type { RowPolicy } from '../policy/row-policy.ts'
import { storedPolicies } from './stored-policies.ts'

describeOnEachStore('stored policies', (store) => {
  test('let users into their folders, and show them nothing else', async () => {
    const { engine, session, policies, bucket } = await openPolicyEngine(store)
    await policies.change({ putPolicies: [policyOf({})] })
    const [ann, bob] = ['ann', 'bob'].map((sub) => engine.as(userOf(sub)))
    if (ann === undefined || bob === undefined) throw new Error('unreachable')
    await ann.putObject({ bucket, key: 'ann/1', body: bytesOf(10) })
    await bob.putObject({ bucket, key: 'bob/1', body: bytesOf(10) })
    await expect(ann.putObject({ bucket, key: 'bob/2', body: bytesOf(10) })).rejects.toMatchObject({ code: 'AccessDenied' })
    await expect(ann.putObject({ bucket, key: 'top', body: bytesOf(10) })).rejects.toMatchObject({ code: 'AccessDenied' })
    await expect(ann.headObject({ bucket, key: 'bob/1' })).rejects.toMatchObject({ code: 'ObjectNotFound' })
    await expect(ann.headObject({ bucket, key: 'bob/0' })).rejects.toMatchObject({ code: 'ObjectNotFound' })
    expect((await ann.listObjects({ bucket })).objects.map(({ key }) => key)).toEqual(['ann/1'])
    expect((await ann.listObjects({ bucket, delimiter: '/' })).commonPrefixes).toEqual(['ann/'])
    await ann.deleteObject({ bucket, key: 'bob/1' })
    expect((await session.listObjects({ bucket })).objects.map(({ key }) => key)).toEqual(['ann/1', 'bob/1'])
    await ann.deleteObject({ bucket, key: 'ann/1' })
    expect((await session.listObjects({ bucket })).objects.map(({ key }) => key)).toEqual(['bob/1'])
    await expect(engine.as(ANONYMOUS).headObject({ bucket, key: 'bob/1' })).rejects.toMatchObject({ code: 'AccessDenied' })
    await engine.close()
  })

  test('a limit of what is sent: by what the client says, and by what came', async () => {
    const { engine, policies, bucket } = await openPolicyEngine(store)
    const length = cast(metadata('contentLength'), 'int')
    await policies.change({
      putPolicies: [
        policyOf({ name: 'see', command: 'select', using: ALWAYS }),
        policyOf({ name: 'small', command: 'insert', check: lte(length, lit('int', 10)) }),
        policyOf({ name: 'replace', command: 'update', using: ALWAYS, check: lt(col('size'), lit('bigint', '8')) }),
      ],
    })
    const ann = engine.as(userOf('ann'))
    const put = (size: number, key: string): Promise<unknown> => ann.putObject({ bucket, key, body: bytesOf(size) })
    await expect(put(11, 'a')).rejects.toMatchObject({ code: 'AccessDenied' })
    await put(10, 'a')
    // What replaces is held against the other policy, with its measured size.
    await expect(put(8, 'a')).rejects.toMatchObject({ code: 'AccessDenied' })
    await put(7, 'a')
    async function* stream(): AsyncGenerator<Uint8Array> {
      yield bytesOf(5)
    }
    // Who does not say how much has not said that it is little.
    await expect(ann.putObject({ bucket, key: 'b', body: stream() })).rejects.toMatchObject({ code: 'AccessDenied' })
    await ann.putObject({ bucket, key: 'b', body: stream(), size: 5 })
    await ann.copyObject({ bucket, key: 'c', source: { bucket, key: 'b' } })
    await engine.close()
  })

  test('take effect at once, on writes under way too', async () => {
    const { engine, policies, bucket } = await openPolicyEngine(store)
    await policies.change({ putPolicies: [policyOf({})] })
    const ann = engine.as(userOf('ann'))
    await ann.putObject({ bucket, key: 'ann/1', body: bytesOf(10) })
    async function* slowly(): AsyncGenerator<Uint8Array> {
      yield bytesOf(5)
      await policies.change({ removePolicies: [{ table: 'objects', name: 'p' }] })
      yield bytesOf(5)
    }
    await expect(ann.putObject({ bucket, key: 'ann/2', body: slowly() })).rejects.toMatchObject({ code: 'AccessDenied' })
    await expect(ann.headObject({ bucket, key: 'ann/1' })).rejects.toMatchObject({ code: 'ObjectNotFound' })
    await engine.close()
  })

  test('are listed as they were put, and replaced', async () => {
    const { engine, policies } = await openPolicyEngine(store)
    const a = policyOf({ name: 'a', source: 'CREATE POLICY a …', roles: ['editor'] })
    const b = policyOf({ name: 'b/c', mode: 'restrictive', command: 'update', using: OWN_ROWS, check: OWN_FOLDER })
    const c = policyOf({ name: 'c', table: 'buckets', command: 'insert', using: undefined as never, check: OWN_ROWS })
    const editor = { name: 'editor', bypassRls: false, inherits: ['authenticated'] }
    await policies.change({ putRoles: [editor], putPolicies: [a, b] })
    const { using: _, ...insert } = c
    await policies.change({ putPolicies: [insert] })
    expect(await policies.list()).toEqual({ roles: [editor], policies: [insert, a, b], relations: [] })
    await policies.change({ putPolicies: [{ ...b, command: 'all' }], replacePolicies: true, removeRoles: ['editor'] })
    expect(await policies.list()).toEqual({ roles: [], policies: [{ ...b, command: 'all' }], relations: [] })
    await policies.change({ removePolicies: [{ table: 'objects', name: 'nowhere' }] })
    await engine.close()
  })

  test('a role is what it inherits', async () => {
    const { engine, session, policies, bucket } = await openPolicyEngine(store)
    await session.putObject({ bucket, key: 'lead/1', body: bytesOf(1) })
    await policies.change({
      putRoles: [{ name: 'lead', bypassRls: false, inherits: ['authenticated'] }, { name: 'guest', bypassRls: false, inherits: [] }], // prettier-ignore
      putPolicies: [policyOf({})],
    })
    const list = async (role: string): Promise<number> => (await engine.as(userOf('lead', { role })).listObjects({ bucket })).objects.length
    expect(await list('lead')).toBe(1)
    expect(await list('guest')).toBe(0)
    await engine.close()
  })

  test.each<[string, Parameters<ReturnType<typeof storedPolicies>['change']>[0], string]>([
    ['a policy for a role that there is not', { putPolicies: [policyOf({ roles: ['editor'] })] }, 'InvalidArgument'],
    ['a role that inherits one that there is not', { putRoles: [{ name: 'a', bypassRls: false, inherits: ['b'] }] }, 'InvalidArgument'],
    ['a policy that is none', { putPolicies: [{ ...policyOf({}), when: 'now' } as unknown as RowPolicy] }, 'InvalidArgument'],
    ['an insert with USING', { putPolicies: [policyOf({ command: 'insert' })] }, 'InvalidArgument'],
    ['a select with CHECK', { putPolicies: [policyOf({ command: 'select', check: OWN_ROWS })] }, 'InvalidArgument'],
  ])('%s changes nothing', async (_, change, code) => {
    const { engine, policies } = await openPolicyEngine(store)
    await policies.change({ putPolicies: [policyOf({ name: 'there' })] })
    await expect(policies.change({ removePolicies: [{ table: 'objects', name: 'there' }], ...change })).rejects.toMatchObject({ code })
    expect((await policies.list()).policies.map(({ name }) => name)).toEqual(['there'])
    await engine.close()
  })

  test('a role that policies are for stays', async () => {
    const { engine, policies } = await openPolicyEngine(store)
    const role = { name: 'editor', bypassRls: false, inherits: [] }
    await policies.change({ putRoles: [role], putPolicies: [policyOf({ roles: ['editor'] })] })
    await expect(policies.change({ removeRoles: ['editor'] })).rejects.toMatchObject({ code: 'InvalidArgument' })
    expect((await policies.list()).roles).toEqual([role])
    await engine.close()
  })

  test('another process has their roles when it looks, half a second later at most', async () => {
    const { engine, metadata, policies } = await openPolicyEngine(store)
    let now = 0
    const another = storedPolicies({ metadata, clock: () => new Date(now) })
    await another.refresh()
    expect(another.roles.get('service_role')).toMatchObject({ bypassRls: true })
    await policies.change({ putRoles: [{ name: 'editor', bypassRls: true, inherits: [] }] })
    expect(policies.roles.get('editor')).toMatchObject({ bypassRls: true })
    now = 499
    expect(another.refresh()).toBeNull()
    expect(another.roles.get('editor')).toBeUndefined()
    now = 500
    await another.refresh()
    expect(another.roles.get('editor')).toMatchObject({ bypassRls: true })
    await policies.change({ removeRoles: ['editor'] })
    expect(policies.roles.get('editor')).toBeUndefined()
    // A clock that was set back.
    now = 100
    await another.refresh()
    expect(another.roles.get('editor')).toBeUndefined()
    await engine.close()
  })

  test('changes that meet are all made', async () => {
    const { engine, metadata, policies } = await openPolicyEngine(store)
    const another = storedPolicies({ metadata })
    const names = ['a', 'b', 'c', 'd']
    await Promise.all(names.map((name, at) => (at % 2 === 0 ? policies : another).change({ putPolicies: [policyOf({ name })] })))
    expect((await policies.list()).policies.map(({ name }) => name)).toEqual(names)
    await engine.close()
  })

  test('where the store is away nobody is let in, and nobody is told that they may not', async () => {
    let away = false
    const unavailable = (): never => {
      throw new StorageError('StoreUnavailable', { store: 'test', reason: 'is away' })
    }
    const { engine, policies, bucket } = await openPolicyEngine(store, {
      wrapStore: (metadata) => overriding(metadata, { readDocuments: (query) => (away ? unavailable() : metadata.readDocuments(query)) }),
    })
    await policies.change({ putPolicies: [policyOf({})] })
    // What has been read is known without the store.
    await engine.policyChanged()
    await engine.policyChanged()
    away = true
    await expect(engine.as(userOf('ann')).listObjects({ bucket })).rejects.toMatchObject({ code: 'StoreUnavailable' })
    away = false
    expect((await engine.as(userOf('ann')).listObjects({ bucket })).objects).toEqual([])
    await engine.close()
  })
})
