import { expect, test } from 'vitest'
import { bytesOf, describeOnEachStore, openTestEngine } from '../../test/engine-matrix.ts'
import { openPolicyEngine, OWN_FOLDER, policyOf, userOf } from '../../test/policy-engine.ts'
import { accountCaller, ANONYMOUS } from '../policy/caller.ts'
import type { Caller } from '../policy/caller.ts'
import { cast, col, ctx, eq, jwt, lit, metadata, lte } from '../policy/predicate-builders.ts'
import { ownersOnly } from '../policy/ownership.ts'
import { systemCaller } from '../policy/system-principal.ts'
import type { ExplainInput } from './explanation.ts'

const ANN = userOf('ann')
const OPERATOR = systemCaller('a test')

describeOnEachStore('explanations', (store) => {
  test('say which policies had a say, and what each was', async () => {
    const { engine, policies, bucket } = await openPolicyEngine(store)
    await policies.change({
      putPolicies: [
        policyOf({ name: 'own folder', source: 'CREATE POLICY …' }),
        policyOf({
          name: 'png',
          mode: 'restrictive',
          command: 'insert',
          check: eq({ k: 'call', f: 'extension', a: [col('name')] }, 'png'),
        }),
      ],
    })
    await engine.as(ANN).putObject({ bucket, key: 'ann/a.png', body: bytesOf(3) })
    const read = await engine.as(OPERATOR).explain({ caller: ANN, operation: 'GetObject', bucket, key: 'ann/a.png' })
    expect(read).toMatchObject({
      allowed: true,
      context: { sub: 'ann', role: 'authenticated', account: 'owner', operation: 'storage.s3.object.get' },
      questions: [
        {
          action: 'object.read',
          allowed: true,
          withinScope: true,
          refusalLooks: 'absent',
          rows: { existing: { name: 'ann/a.png', size: 3, owner_id: 'ann' }, proposed: null, final: null },
          grounds: [
            {
              kind: 'row-policies',
              role: 'authenticated',
              command: 'select',
              policies: [{ name: 'own folder', source: 'CREATE POLICY …', clauses: [{ clause: 'using', row: 'existing', verdict: true }] }],
            },
          ],
          conditions: [{ row: 'existing', verdict: true }],
        },
      ],
    })
    const write = await engine.as(OPERATOR).explain({ caller: ANN, operation: 'PutObject', bucket, key: 'ann/b.jpg' })
    expect(write.allowed).toBe(false)
    expect(write.questions[0]?.grounds).toMatchObject([
      { command: 'select' },
      {
        command: 'insert',
        policies: [
          {
            name: 'own folder',
            clauses: [
              { row: 'proposed', verdict: true },
              { row: 'final', verdict: true },
            ],
          },
          {
            name: 'png',
            clauses: [
              { clause: 'check', row: 'proposed', verdict: false },
              { row: 'final', verdict: false },
            ],
          },
        ],
      },
      { command: 'update' },
    ])
    await engine.close()
  })

  test('agree with what happens', async () => {
    const { engine, session, policies, bucket } = await openPolicyEngine(store)
    await policies.change({
      putPolicies: [
        policyOf({ name: 'own', command: 'all', using: OWN_FOLDER }),
        policyOf({
          name: 'small',
          mode: 'restrictive',
          command: 'insert',
          check: lte(cast(metadata('contentLength'), 'int'), lit('int', 5)),
        }),
      ],
    })
    const statements = [
      { Sid: 'drop', Effect: 'Allow', Principal: '*', Action: 's3:PutObject', Resource: 'arn:aws:s3:::bucket/drop/*' },
      { Sid: 'shut', Effect: 'Deny', Principal: '*', Action: 's3:GetObject', Resource: 'arn:aws:s3:::bucket/ann/shut' },
    ]
    await session.putBucketPolicy({ bucket, policy: JSON.stringify({ Version: '2012-10-17', Statement: statements }) })
    for (const key of ['ann/1', 'ann/shut', 'bob/1', 'drop/1']) await session.putObject({ bucket, key, body: bytesOf(1) })
    const keys = ['ann/1', 'ann/new', 'ann/shut', 'bob/1', 'bob/new', 'drop/1', 'drop/new', 'top']
    const outcomes = async (call: () => Promise<unknown>): Promise<boolean> =>
      call().then(
        () => true,
        (error: { code: string }) => error.code === 'ObjectNotFound' && false,
      )
    for (const caller of [ANN, ANONYMOUS, accountCaller('other'), accountCaller('owner')]) {
      const acting = engine.as(caller)
      for (const key of keys) {
        for (const size of [5, 6]) {
          const asked: ExplainInput = { caller, operation: 'PutObject', bucket, key, proposed: { size } }
          const { allowed } = await engine.as(OPERATOR).explain(asked)
          expect([caller.principal.kind, key, size, await outcomes(() => acting.putObject({ bucket, key, body: bytesOf(size) }))]).toEqual([
            caller.principal.kind, key, size, allowed]) // prettier-ignore
        }
        const there = (await session.listObjects({ bucket, prefix: key })).objects.some((object) => object.key === key)
        const { allowed } = await engine.as(OPERATOR).explain({ caller, operation: 'GetObject', bucket, key })
        expect([key, await outcomes(() => acting.headObject({ bucket, key }))]).toEqual([key, allowed && there])
      }
    }
    await engine.close()
  })

  test('suppose an object that is not there', async () => {
    const { engine, policies, bucket } = await openPolicyEngine(store)
    await policies.change({
      putPolicies: [
        policyOf({ name: 'own', using: eq(col('owner_id'), ctx('sub')) }),
        policyOf({ name: 'png', mode: 'restrictive', command: 'delete', using: eq(col('content_type'), 'image/png') }),
      ],
    })
    const asked: ExplainInput = { caller: ANN, operation: 'GetObject', bucket, key: 'k' }
    const allowed = async (input: ExplainInput): Promise<boolean> => (await engine.as(OPERATOR).explain(input)).allowed
    expect(await allowed({ ...asked, existing: { ownerId: 'ann' } })).toBe(true)
    for (const existing of [{}, { ownerId: 'bob' }]) expect(await allowed({ ...asked, existing })).toBe(false)
    const png = { ownerId: 'ann', headers: { contentType: 'image/png' } }
    expect(await allowed({ ...asked, operation: 'DeleteObject', existing: png })).toBe(true)
    expect(await allowed({ ...asked, operation: 'DeleteObject', existing: { ownerId: 'ann' } })).toBe(false)
    // What a put would replace.
    const put: ExplainInput = { ...asked, operation: 'PutObject' }
    expect([await allowed(put), await allowed({ ...put, existing: { ownerId: 'bob' } })]).toEqual([true, false])
    // It stands before what is there, and nothing is written.
    await engine.as(ANN).putObject({ bucket, key: 'k', body: bytesOf(1) })
    expect([await allowed(asked), await allowed({ ...asked, existing: { ownerId: 'bob' } })]).toEqual([true, false])
    await engine.close()
  })

  test('say that the credential does not reach so far, and ask no further', async () => {
    const { engine, bucket } = await openPolicyEngine(store)
    const caller = { ...accountCaller('owner'), scope: { prefixes: ['a/'] } }
    const { allowed, questions } = await engine.as(OPERATOR).explain({ caller, operation: 'GetObject', bucket, key: 'b/1' })
    expect([allowed, questions[0]?.withinScope, questions[0]?.grounds]).toEqual([false, false, []])
    await engine.close()
  })

  test('are for the owner and the operator alone', async () => {
    const { engine, session, bucket } = await openPolicyEngine(store)
    const asked: ExplainInput = { caller: ANN, operation: 'GetObject', bucket, key: 'k' }
    for (const caller of [ANN, ANONYMOUS, accountCaller('other'), { ...accountCaller('owner'), scope: { prefixes: [''] } }]) {
      await expect(engine.as(caller).explain(asked)).rejects.toMatchObject({ code: 'AccessDenied' })
    }
    await engine.as(accountCaller('other')).createBucket({ bucket: { name: 'theirs' } })
    const copy: ExplainInput = { ...asked, caller: ANONYMOUS, operation: 'CopyObject', source: { bucket: { name: 'theirs' }, key: 'k' } }
    await expect(session.explain(copy)).rejects.toMatchObject({ code: 'AccessDenied' })
    expect((await engine.as(OPERATOR).explain(copy)).questions.map(({ side }) => side)).toEqual(['source', 'target'])
    await engine.close()
  })

  test('of users are for the operator alone: an account would learn what the policies of the namespace say of whom', async () => {
    const { engine, session, policies, bucket } = await openPolicyEngine(store)
    await policies.change({ putPolicies: [policyOf({ name: 'of the secret team', using: eq(jwt('team'), 'secret') })] })
    const grant: Caller['principal'] = {
      kind: 'grant',
      operation: 'GetObject',
      bucket: { jurisdiction: 'default', name: 'bucket' },
      key: 'k',
      versionId: null,
      frozen: { sub: 'ann', role: 'authenticated' },
    }
    const callers = [ANN, userOf('ann', { claims: { team: 'secret' } }), userOf('ann', { account: 'other' }), { ...ANN, principal: grant }]
    for (const caller of callers) {
      const asked: ExplainInput = { caller, operation: 'GetObject', bucket, key: 'k' }
      await expect(session.explain(asked)).rejects.toMatchObject({ code: 'AccessDenied' })
      await expect(session.explain({ ...asked, operation: 'ListObjects' })).rejects.toMatchObject({ code: 'AccessDenied' })
      expect((await engine.as(OPERATOR).explain(asked)).questions).toHaveLength(1)
    }
    for (const caller of [ANONYMOUS, accountCaller('owner'), accountCaller('other')]) {
      const { allowed, questions } = await session.explain({ caller, operation: 'GetObject', bucket, key: 'k' })
      expect([allowed, JSON.stringify(questions)]).toEqual([caller.account === 'owner', expect.not.stringContaining('secret')])
    }
    await engine.close()
  })

  test.each<[string, Partial<ExplainInput>, string]>([
    ['no key', { operation: 'GetObject' }, 'InvalidArgument'],
    ['no source', { operation: 'CopyObject', key: 'k' }, 'InvalidArgument'],
    ['an operation that is none', { operation: 'Get' as 'GetObject' }, 'InvalidArgument'],
    ['a list of all buckets', { operation: 'ListBuckets' }, 'NotSupported'],
    ['a bucket that is not there', { operation: 'GetObject', key: 'k', bucket: { name: 'nowhere' } }, 'BucketNotFound'],
  ])('refuse %s', async (_, more, code) => {
    const { engine, bucket } = await openPolicyEngine(store)
    await expect(engine.as(OPERATOR).explain({ caller: ANN, operation: 'GetObject', bucket, ...more })).rejects.toMatchObject({ code })
    await engine.close()
  })

  test('of a policy that does not tell: its answer, without grounds', async () => {
    const { engine, session, bucket } = await openTestEngine(store, { policy: ownersOnly() })
    const { allowed, questions } = await session.explain({ caller: ANONYMOUS, operation: 'ListObjects', bucket })
    expect([allowed, questions[0]?.grounds, questions[0]?.conditions[0]?.verdict]).toEqual([false, [], 'each row'])
    await engine.close()
  })
})
