import { expect, test } from 'vitest'
import { bytesOf, describeOnEachStore, garbageOf, openTestEngine } from '../../test/engine-matrix.ts'
import { isStorageError } from '../errors/storage-error.ts'
import { accountCaller, ANONYMOUS } from '../policy/caller.ts'
import type { Caller, Principal, Scope } from '../policy/caller.ts'
import { allowAll } from '../policy/allow-all.ts'
import type { Access, Policy, Requirement } from '../policy/policy.ts'
import { ALWAYS, NEVER } from '../policy/predicate.ts'
import type { Predicate } from '../policy/predicate.ts'
import { unconditional } from '../policy/requirement.ts'
import type { Rule } from '../policy/rule.ts'
import { rules } from '../policy/rules.ts'
import { systemPrincipal } from '../policy/system-principal.ts'
import type { Session } from './session.ts'

const LIMITS = { inlineSizeMax: 100 }
const EVERYTHING: Rule = { effect: 'allow', who: { owner: true }, actions: 'all' }
const MAKE_BUCKETS: Rule = { effect: 'allow', who: { account: 'owner' }, actions: ['bucket.create'] }
const DENIED = { code: 'AccessDenied' }

function role(sub: string): Caller {
  return { principal: { kind: 'role', role: 'user', sub, claims: {}, bypassRls: false }, account: 'owner', scope: null, credentialId: null }
}

/** A policy of one answer, made from the question. */
function answering(answer: (access: Access) => Partial<Requirement>): Policy {
  return { require: (access) => ({ ...unconditional(access.policyVersion), ...answer(access) }) }
}

async function attempt(call: Promise<unknown>): Promise<string> {
  return call.then(
    () => 'done',
    (error: unknown) => (isStorageError(error) ? error.code : String(error)),
  )
}

describeOnEachStore('access', (store) => {
  test('what no rule allows is refused, before the body is read', async () => {
    const { session, bucket, engine } = await openTestEngine(store, { policy: rules([MAKE_BUCKETS, EVERYTHING]) })
    await session.putObject({ bucket, key: 'k', body: bytesOf(1) })
    const stranger = engine.as(ANONYMOUS)
    const calls: Record<string, (session: Session) => Promise<unknown>> = {
      get: (by) => by.getObject({ bucket, key: 'k' }),
      head: (by) => by.headObject({ bucket, key: 'k' }),
      absent: (by) => by.headObject({ bucket, key: 'nothing' }),
      copy: (by) => by.copyObject({ bucket, key: 'c', source: { bucket, key: 'k' } }),
      headBucket: (by) => by.headBucket({ bucket }),
      deleteBucket: (by) => by.deleteBucket({ bucket }),
      createBucket: (by) => by.createBucket({ bucket: { name: 'other' } }),
      list: (by) => by.listObjects({ bucket }),
    }
    for (const [name, call] of Object.entries(calls)) expect([name, await attempt(call(stranger))]).toEqual([name, 'AccessDenied'])
    let read = false
    const body = async function* (): AsyncGenerator<Uint8Array> {
      read = true
      yield bytesOf(1)
    }
    await expect(stranger.putObject({ bucket, key: 'k', body: body() })).rejects.toMatchObject(DENIED)
    expect(read).toBe(false)
    expect(await attempt(session.headObject({ bucket, key: 'k' }))).toBe('done')
    await engine.close()
  })

  test.each([50, 5_000])('a grant that goes while the body comes refuses the commit (%i bytes)', async (size) => {
    const policy = rules([MAKE_BUCKETS, EVERYTHING])
    const { session, bucket, engine, metadata } = await openTestEngine(store, { policy, limits: LIMITS })
    const body = async function* (): AsyncGenerator<Uint8Array> {
      yield bytesOf(size).subarray(0, 10)
      policy.replace([MAKE_BUCKETS])
      await engine.policyChanged()
      yield bytesOf(size).subarray(10)
    }
    await expect(session.putObject({ bucket, key: 'k', size, body: body() })).rejects.toMatchObject(DENIED)
    policy.replace([MAKE_BUCKETS, EVERYTHING])
    await engine.policyChanged()
    await expect(session.headObject({ bucket, key: 'k' })).rejects.toMatchObject({ code: 'ObjectNotFound' })
    expect((await garbageOf(metadata)).queued).toBe(size > LIMITS.inlineSizeMax ? 1 : 0)
    await engine.close()
  })

  test('a policy that changes and still allows only costs another attempt', async () => {
    const policy = rules([MAKE_BUCKETS, EVERYTHING])
    const events: string[] = []
    const { session, bucket, engine, metadata } = await openTestEngine(store, { policy, observer: { event: (name) => events.push(name) } })
    // As another process does it: this engine hears of it from the refusal.
    await metadata.raisePolicyVersion(await metadata.policyVersion())
    await session.putObject({ bucket, key: 'k', body: bytesOf(1) })
    expect(events).toEqual(['commit.retried'])
    await metadata.raisePolicyVersion(await metadata.policyVersion())
    expect(await session.deleteObjects({ bucket, objects: [{ key: 'k' }, { key: 'nothing' }] })).toMatchObject([
      { deleted: { versionId: null, deleteMarker: false } },
      { deleted: { versionId: null, deleteMarker: false } },
    ])
    await engine.close()
  })

  test('a policy that changes all the time is a conflict', async () => {
    const { session, bucket, engine } = await openTestEngine(store, {
      limits: { commitRetriesMax: 2 },
      policy: { require: ({ policyVersion, action }) => unconditional(action === 'bucket.create' ? policyVersion : policyVersion + 1) },
    })
    for (const call of [
      () => session.putObject({ bucket, key: 'k', body: bytesOf(1) }),
      () => session.deleteObject({ bucket, key: 'k' }),
    ]) {
      await expect(call()).rejects.toMatchObject({ code: 'Conflict', retryable: true })
    }
    await engine.close()
  })

  test('predicates are held against rows, with the constants of the request filled in', async () => {
    const own: Predicate = { k: 'cmp', op: '=', a: { k: 'col', n: 'owner_id' }, b: { k: 'ctx', f: 'sub' } }
    const policy = answering(({ action }) =>
      action.startsWith('bucket.') ? {} : { existing: own, deniedExisting: 'absent', whenAbsent: 'absent' },
    )
    const { bucket, engine } = await openTestEngine(store, { policy })
    const [ann, bob] = [engine.as(role('ann')), engine.as(role('bob'))]
    expect((await ann.putObject({ bucket, key: 'k', body: bytesOf(1) })).ownerId).toBe('ann')
    expect(await attempt(ann.headObject({ bucket, key: 'k' }))).toBe('done')
    expect(await attempt(bob.headObject({ bucket, key: 'k' }))).toBe('ObjectNotFound')
    expect(await attempt(bob.putObject({ bucket, key: 'k', body: bytesOf(2) }))).toBe('ObjectNotFound')
    // Deleting what one may not see looks like deleting what is not there.
    expect(await bob.deleteObject({ bucket, key: 'k' })).toEqual({ versionId: null, deleteMarker: false })
    expect((await ann.headObject({ bucket, key: 'k' })).info.size).toBe(1)
    expect(await attempt(bob.copyObject({ bucket, key: 'mine', source: { bucket, key: 'k' } }))).toBe('ObjectNotFound')
    await engine.close()
  })

  test('what the policy says of the proposed row refuses before the body is read', async () => {
    const text: Predicate = { k: 'cmp', op: '=', a: { k: 'col', n: 'content_type' }, b: { k: 'lit', t: 'text', v: 'text/plain' } }
    const policy = answering(({ action }) => (action === 'object.write' ? { proposed: text } : {}))
    const { session, bucket, engine } = await openTestEngine(store, { policy })
    const read: string[] = []
    const put = (contentType: string): Promise<unknown> => {
      const body = async function* (): AsyncGenerator<Uint8Array> {
        read.push(contentType)
        yield bytesOf(1)
      }
      return session.putObject({ bucket, key: 'k', body: body(), headers: { contentType } })
    }
    await expect(put('image/png')).rejects.toMatchObject(DENIED)
    await put('text/plain')
    expect(read).toEqual(['text/plain'])
    await engine.close()
  })

  test('in a versioned bucket a refused delete is told, because it leaves no marker', async () => {
    const hidden = answering(({ action }) => (action === 'object.delete' ? { existing: NEVER, deniedExisting: 'absent' } : {}))
    const { session, bucket, engine } = await openTestEngine(store, { policy: hidden, versioning: 'enabled' })
    await session.putObject({ bucket, key: 'k', body: bytesOf(1) })
    await expect(session.deleteObject({ bucket, key: 'k' })).rejects.toMatchObject(DENIED)
    expect(await attempt(session.headObject({ bucket, key: 'k' }))).toBe('done')
    await engine.close()
  })

  test('a policy that throws has refused; the observer hears why', async () => {
    const broken = new Error('no rules today')
    const events: unknown[] = []
    for (const require of [
      ({ action, policyVersion }: Access): Requirement => {
        if (action === 'bucket.create') return unconditional(policyVersion)
        throw broken
      },
      async ({ action, policyVersion }: Access): Promise<Requirement> => {
        if (action === 'bucket.create') return unconditional(policyVersion)
        throw broken
      },
    ]) {
      const observer = { event: (name: string, fields: object) => events.push({ name, ...fields }) }
      const { session, bucket, engine } = await openTestEngine(store, { policy: { require }, observer })
      await expect(session.headObject({ bucket, key: 'k' })).rejects.toMatchObject({ ...DENIED, cause: broken })
      expect(events.splice(0)).toEqual([{ name: 'policy.failed', action: 'object.read', error: broken }])
      await engine.close()
    }
  })

  test('the policy hears who asks for what, where, and from which side', async () => {
    const asked: Partial<Access>[] = []
    const policy: Policy = {
      require: (access) => {
        const { action, side, key, versionId, overwrite, bucket, request } = access
        asked.push({ action, side, key, versionId, overwrite })
        expect(bucket?.name).toBe(action === 'bucket.create' ? undefined : 'bucket')
        expect(request.at).toBeInstanceOf(Date)
        return unconditional(access.policyVersion)
      },
    }
    const { session, bucket, engine } = await openTestEngine(store, { policy })
    asked.length = 0
    await session.putObject({ bucket, key: 'k', body: bytesOf(1), conditions: { ifNoneMatch: '*' } })
    await session.copyObject({ bucket, key: 'c', source: { bucket, key: 'k', versionId: 'null' } })
    const none = { versionId: null, side: 'target' }
    expect(asked).toEqual([
      { ...none, action: 'object.write', key: 'k', overwrite: 'never' },
      { ...none, action: 'object.write', key: 'c', overwrite: 'allowed' },
      { action: 'object.read', key: 'k', overwrite: null, versionId: 'null', side: 'source' },
    ])
    await engine.close()
  })

  test('the scope of a credential is a ceiling over every policy', async () => {
    const { session, bucket, engine } = await openTestEngine(store)
    await session.putObject({ bucket, key: 'a/1', body: bytesOf(1) })
    const under = (scope: Scope): Session => engine.as({ ...accountCaller('owner'), scope })
    const get = (scope: Scope, key = 'a/1'): Promise<string> => attempt(under(scope).headObject({ bucket, key }))
    const here = [{ jurisdiction: 'default', name: 'bucket' }]
    expect(await get({})).toBe('done')
    expect(await get({ buckets: here })).toBe('done')
    expect(await get({ buckets: [{ jurisdiction: 'eu', name: 'bucket' }] })).toBe('AccessDenied')
    expect(await get({ buckets: [] })).toBe('AccessDenied')
    expect(await get({ operations: new Set(['HeadObject']) })).toBe('done')
    expect(await get({ operations: new Set(['GetObject']) })).toBe('AccessDenied')
    expect(await get({ prefixes: ['a/'] })).toBe('done')
    expect(await get({ prefixes: ['b/'], objects: ['a/1'] })).toBe('done')
    expect(await get({ objects: ['a/1'] }, 'a/2')).toBe('AccessDenied')
    expect(await get({ notAfter: new Date(0) })).toBe('AccessDenied')
    expect(await attempt(under({ prefixes: ['a/'] }).deleteBucket({ bucket }))).toBe('AccessDenied')
    expect(await attempt(under({ prefixes: ['a/'] }).copyObject({ bucket, key: 'a/2', source: { bucket, key: 'b/1' } }))).toBe(
      'AccessDenied',
    )
    const bulk = await under({ prefixes: ['a/'] }).deleteObjects({ bucket, objects: [{ key: 'b/1' }, { key: 'a/1' }] })
    expect(bulk).toMatchObject([{ error: { code: 'AccessDenied' } }, { error: null }])
    await engine.close()
  })

  test('a grant is for its operation on its key', async () => {
    const { session, bucket, engine } = await openTestEngine(store)
    await session.putObject({ bucket, key: 'k', body: bytesOf(1) })
    const grantBucket = { jurisdiction: 'default', name: 'bucket' }
    const principal: Principal = {
      kind: 'grant',
      operation: 'GetObject',
      bucket: grantBucket,
      key: 'k',
      versionId: null,
      frozen: { sub: 'ann' },
    }
    const holder = engine.as({ principal, account: null, scope: null, credentialId: null })
    expect(await attempt(holder.getObject({ bucket, key: 'k' }))).toBe('done')
    expect(await attempt(holder.headObject({ bucket, key: 'k' }))).toBe('AccessDenied')
    expect(await attempt(holder.getObject({ bucket, key: 'other' }))).toBe('AccessDenied')
    expect(await attempt(holder.getObject({ bucket, key: 'k', versionId: 'null' }))).toBe('AccessDenied')
    expect(await attempt(holder.listObjects({ bucket }))).toBe('AccessDenied')
    await engine.close()
  })

  test('the operator skips policy; whoever only says so does not', async () => {
    const policy: Policy = {
      require: (access) =>
        access.action === 'bucket.create' ? allowAll().require(access) : { ...unconditional(0), existing: NEVER, proposed: NEVER },
    }
    const { bucket, engine } = await openTestEngine(store, { policy })
    const caller = { account: null, scope: null, credentialId: null }
    const system = engine.as({ ...caller, principal: systemPrincipal('test') })
    await system.putObject({ bucket, key: 'k', body: bytesOf(1) })
    expect((await system.headObject({ bucket, key: 'k' })).info.ownerId).toBe(null)
    const forged = { kind: 'system', reason: 'because' } as unknown as Principal
    expect(await attempt(engine.as({ ...caller, principal: forged }).headObject({ bucket, key: 'k' }))).toBe('AccessDenied')
    await engine.close()
  })

  test('a listing where nothing may be seen is refused, or empty where the policy hides that', async () => {
    for (const [deniedExisting, expected] of [
      ['forbidden', 'AccessDenied'],
      ['absent', 'done'],
    ] as const) {
      const policy = answering(({ action }) => (action === 'object.list' ? { existing: NEVER, deniedExisting } : { existing: ALWAYS }))
      const { session, bucket, engine } = await openTestEngine(store, { policy })
      expect(await attempt(session.listObjects({ bucket }))).toBe(expected)
      expect(await attempt(session.listVersions({ bucket }))).toBe(expected)
      await engine.close()
    }
  })
})
