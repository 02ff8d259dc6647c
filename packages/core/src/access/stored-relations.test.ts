import { describe, expect, test } from 'vitest'
import { bytesOf, describeOnEachStore } from '../../test/engine-matrix.ts'
import { openPolicyEngine, type PolicyEngine, policyOf, userOf } from '../../test/policy-engine.ts'
import { newSchema, postgresPool, STORES, type TestedStore } from '../../test/stores.ts'
import type { Session } from '../engine/session.ts'
import { isStorageError } from '../errors/storage-error.ts'
import { and, cast, col, ctx, element, eq, foldername, gt, uid } from '../policy/predicate-builders.ts'
import { exists, insub } from '../policy/predicate-relation-builders.ts'
import type { Relation } from '../policy/relation.ts'
import type { RowPolicy } from '../policy/row-policy.ts'
import type { PolicyChange } from './policy-change.ts'
import { storedPolicies } from './stored-policies.ts'

const TEXT = { type: 'text', nullable: false } as const
const MEMBERS: Relation = {
  name: 'public.team_members',
  kept: 'engine',
  columns: { team_id: TEXT, user_id: TEXT, until: { type: 'timestamptz', nullable: true }, note: { type: 'text', nullable: true } },
  indexes: [['user_id', 'team_id']],
  key: ['team_id', 'user_id'],
}
const SHARES: Relation = { name: 'file_shares', kept: 'engine', columns: { path: TEXT, shared_with: TEXT }, indexes: [['shared_with']] }

const BUCKET = 'bucket'
const [ANN, BOB] = ['a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', 'b0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'] as const

/** p15, p22 and p25 of the specification, and what else a member may do. */
function teamPolicies(members: Relation = MEMBERS): readonly RowPolicy[] {
  const member = exists(members, 'tm', (tm) => and(eq(tm('team_id'), element(foldername(), 1)), eq(tm('user_id'), cast(uid(), 'text'))))
  const mine = insub(element(foldername(), 1), {
    relation: members,
    alias: 'tm',
    select: (tm) => tm('team_id'),
    where: (tm) => eq(tm('user_id'), cast(uid(), 'text')),
  })
  return [
    policyOf({ name: 'p15', command: 'select', using: and(eq(col('bucket_id'), BUCKET), member) }),
    policyOf({ name: 'p22', command: 'insert', check: and(eq(col('bucket_id'), BUCKET), mine) }),
    policyOf({ name: 'change', command: 'update', using: member }),
    policyOf({ name: 'remove', command: 'delete', using: member }),
  ]
}

const P25 = policyOf({
  name: 'p25',
  command: 'select',
  using: exists(SHARES, 's', (s) => and(eq(s('path'), col('name')), eq(s('shared_with'), cast(uid(), 'text')))),
})

async function attempt(call: Promise<unknown>): Promise<string> {
  return call.then(
    () => 'done',
    (error: unknown) => (isStorageError(error) ? error.code : String(error)),
  )
}

interface Teams extends PolicyEngine {
  readonly ann: Session
  readonly bob: Session
}

async function openTeams(store: TestedStore): Promise<Teams> {
  const opened = await openPolicyEngine(store)
  const { engine, session, policies, bucket } = opened
  await policies.change({ putRelations: [MEMBERS, SHARES], putPolicies: [...teamPolicies(), P25] })
  await policies.relations.put(MEMBERS.name, [
    { team_id: 'red', user_id: ANN },
    { team_id: 'blue', user_id: BOB },
  ])
  for (const key of ['blue/a', 'blue/b/c', 'red/a', 'red/b/c', 'top']) await session.putObject({ bucket, key, body: bytesOf(3) })
  return { ...opened, ann: engine.as(userOf(ANN)), bob: engine.as(userOf(BOB)) }
}

describeOnEachStore('policies that look into relations', (store) => {
  test('let members in, and follow their rows while sessions work', async () => {
    const { engine, policies, bucket, ann, bob } = await openTeams(store)
    const { relations } = policies
    const keys = async (session: Session): Promise<readonly string[]> =>
      (await session.listObjects({ bucket })).objects.map(({ key }) => key)
    const folders = async (session: Session, prefix = ''): Promise<readonly string[]> => {
      const page = await session.listObjects({ bucket, prefix, delimiter: '/' })
      return [...page.commonPrefixes, ...page.objects.map(({ key }) => key)]
    }
    const put = (session: Session, key: string): Promise<string> => attempt(session.putObject({ bucket, key, body: bytesOf(3) }))
    expect(await keys(ann)).toEqual(['red/a', 'red/b/c'])
    expect(await folders(ann)).toEqual(['red/'])
    expect(await folders(ann, 'red/')).toEqual(['red/b/', 'red/a'])
    expect(await folders(ann, 'blue/')).toEqual([])
    expect(await attempt(ann.headObject({ bucket, key: 'blue/a' }))).toBe('ObjectNotFound')
    expect(await put(ann, 'red/new')).toBe('done')
    expect(await put(ann, 'red/a')).toBe('done')
    expect(await put(ann, 'blue/new')).toBe('AccessDenied')
    expect(await put(ann, 'top')).toBe('AccessDenied')
    const version = await policies.list()

    // A row comes: of effect at once, by the next call.
    await relations.put(MEMBERS.name, [{ team_id: 'blue', user_id: ANN, note: 'since today' }])
    expect(await folders(ann)).toEqual(['blue/', 'red/'])
    expect(await put(ann, 'blue/new')).toBe('done')
    expect(await attempt(bob.copyObject({ bucket, key: 'blue/copy', source: { bucket, key: 'blue/new' } }))).toBe('done')

    // Rows are exchanged: from one team into another.
    await relations.change(MEMBERS.name, {
      delete: [{ team_id: 'red', user_id: ANN }, { team_id: 'blue', user_id: ANN }],
      put: [{ team_id: 'red', user_id: BOB }],
    }) // prettier-ignore
    expect(await keys(ann)).toEqual([])
    expect(await folders(ann)).toEqual([])
    expect(await put(ann, 'red/new')).toBe('AccessDenied')
    await ann.deleteObject({ bucket, key: 'red/a' })
    expect(await folders(bob)).toEqual(['blue/', 'red/'])
    await bob.deleteObject({ bucket, key: 'red/a' })
    expect(await folders(bob, 'red/')).toEqual(['red/b/', 'red/new'])

    // One file is shared, by its name.
    await relations.put(SHARES.name, [{ path: 'blue/b/c', shared_with: ANN }])
    expect(await folders(ann)).toEqual(['blue/'])
    expect(await folders(ann, 'blue/')).toEqual(['blue/b/'])
    expect(await attempt(ann.getObject({ bucket, key: 'blue/b/c' }))).toBe('done')
    await relations.delete(SHARES.name, [{ path: 'blue/b/c', shared_with: ANN }])
    expect(await folders(ann)).toEqual([])
    expect(await policies.list()).toEqual(version)
    await engine.close()
  })

  test('hold an upload that is under way against the rows at its end', async () => {
    const { engine, policies, bucket, ann } = await openTeams(store)
    const at = { bucket, key: 'red/big' }
    const { uploadId } = await ann.createUpload(at)
    const { etag } = await ann.uploadPart({ ...at, uploadId, partNumber: 1, body: bytesOf(10) })
    const complete = (): Promise<string> => attempt(ann.completeUpload({ ...at, uploadId, parts: [{ partNumber: 1, etag }] }))
    await policies.relations.delete(MEMBERS.name, [{ team_id: 'red', user_id: ANN }])
    expect(await complete()).toBe('AccessDenied')
    await policies.relations.put(MEMBERS.name, [{ team_id: 'red', user_id: ANN }])
    expect(await complete()).toBe('done')
    async function* slowly(): AsyncGenerator<Uint8Array> {
      yield bytesOf(5)
      await policies.relations.delete(MEMBERS.name, [{ team_id: 'red', user_id: ANN }])
      yield bytesOf(5)
    }
    expect(await attempt(ann.putObject({ bucket, key: 'red/slow', body: slowly() }))).toBe('AccessDenied')
    await engine.close()
  })

  test('compare times, and see what expires', async () => {
    const { engine, policies, bucket, ann } = await openTeams(store)
    const current = exists(MEMBERS, 't', (t) => and(eq(t('team_id'), element(foldername(), 1)), gt(t('until'), ctx('now'))))
    await policies.change({ putPolicies: [policyOf({ using: current })], replacePolicies: true })
    const count = async (): Promise<number> => (await ann.listObjects({ bucket, prefix: 'red/' })).objects.length
    expect(await count()).toBe(0)
    await policies.relations.put(MEMBERS.name, [{ team_id: 'red', user_id: ANN, until: 253_370_764_800_000 }])
    expect(await count()).toBe(2)
    await policies.relations.put(MEMBERS.name, [{ team_id: 'red', user_id: ANN, until: 0 }])
    expect(await count()).toBe(0)
    await engine.close()
  })

  test('are listed with the relations, as they can be put again', async () => {
    const { engine, metadata, policies } = await openTeams(store)
    const listed = await policies.list()
    expect(listed.relations).toEqual([{ ...SHARES, key: ['path', 'shared_with'] }, MEMBERS])
    expect(listed.policies.map(({ name }) => name)).toEqual(['change', 'p15', 'p22', 'p25', 'remove'])
    const before = await metadata.policyVersion()
    await policies.change({ putRelations: listed.relations })
    expect(await metadata.policyVersion()).toBe(before)
    await policies.change({ putRelations: listed.relations, putPolicies: listed.policies, replacePolicies: true })
    expect(await policies.list()).toEqual(listed)
    expect(await storedPolicies({ metadata }).list()).toEqual(listed)
    await engine.close()
  })

  const { until: _, ...fewer } = MEMBERS.columns
  const more = { level: { type: 'int', nullable: true } } as const
  const { team_id: _team, ...others } = MEMBERS.columns

  test.each<[string, PolicyChange, string]>([
    ['a relation that policies look into is removed', { removeRelations: [MEMBERS.name] }, "the policy 'change'.using.rel"],
    ['… and one of its policies with it', { removeRelations: [SHARES.name], removePolicies: [{ table: 'objects', name: 'p15' }] }, "the policy 'p25'.using.rel"],
    ['it is put anew without a column that they name', { removeRelations: [MEMBERS.name], putRelations: [{ ...MEMBERS, columns: others, indexes: [], key: ['user_id'] }] }, "the policy 'change'.using.where.a[0].a.n"],
    ['… or with another type', { removeRelations: [MEMBERS.name], putRelations: [{ ...MEMBERS, columns: { ...others, team_id: { ...TEXT, type: 'uuid' } } }] }, "the policy 'change'.using.where.a[0].a.t"],
    ['a column changes its type', { putRelations: [{ ...MEMBERS, columns: { ...MEMBERS.columns, note: { type: 'int', nullable: true } } }] }, `the relation ${MEMBERS.name}: note`],
    ['the key is another one', { putRelations: [{ ...MEMBERS, key: ['user_id'] }] }, `the relation ${MEMBERS.name}: key`],
    ['a relation is none', { putRelations: [SHARES, { ...MEMBERS, indexes: [['nothing']] }] }, 'putRelations[1].indexes[0][0]'],
    ['two are one for SQLite', { putRelations: [{ ...SHARES, name: 'File_Shares' }] }, "the relation 'File_Shares'"],
    ['a policy looks into what there is not', { putPolicies: teamPolicies({ ...MEMBERS, name: 'nowhere' }) }, 'putPolicies[0].using.a[1].rel'],
    ['a table is not in this database', { putRelations: [{ name: 'nowhere.x', kept: 'postgres', columns: { a: TEXT }, indexes: [] }] }, 'putRelations[0]'],
  ])('nothing changes where %s', async (_title, change, argument) => {
    const { engine, policies, ann, bucket } = await openTeams(store)
    const before = await policies.list()
    await expect(policies.change({ putRoles: [{ name: 'r', bypassRls: false, inherits: [] }], ...change })).rejects.toMatchObject({
      code: 'InvalidArgument',
      details: { argument },
    })
    expect(await policies.list()).toEqual(before)
    expect((await ann.listObjects({ bucket })).objects).toHaveLength(2)
    await engine.close()
  }) // prettier-ignore

  test('let a relation change where they do not look', async () => {
    const { engine, policies, bucket, ann, metadata } = await openTeams(store)
    const { relations } = policies
    await policies.change({ putRelations: [{ ...MEMBERS, columns: { ...fewer, ...more }, indexes: [['level', 'user_id']] }] })
    expect((await relations.list(MEMBERS.name)).rows).toEqual([
      { team_id: 'blue', user_id: BOB, note: null, level: null },
      { team_id: 'red', user_id: ANN, note: null, level: null },
    ])
    expect((await ann.listObjects({ bucket })).objects).toHaveLength(2)
    await relations.put(MEMBERS.name, [{ team_id: 'red', user_id: BOB, level: 3 }])
    // Removed and put by one change: begun anew.
    await policies.change({ removeRelations: [MEMBERS.name], putRelations: [MEMBERS] })
    expect(await relations.list(MEMBERS.name)).toEqual({ rows: [], next: null })
    expect((await ann.listObjects({ bucket })).objects).toEqual([])
    await policies.change({ removeRelations: [MEMBERS.name, SHARES.name, 'nowhere'], replacePolicies: true })
    expect(await policies.list()).toEqual({ roles: [], policies: [], relations: [] })
    expect((await metadata.readDocuments({ kinds: ['relation'] })).documents).toEqual([])
    await engine.close()
  })

  test('rows are refused with their place, and so is what is no relation', async () => {
    const { engine, policies } = await openTeams(store)
    const { relations } = policies
    const wrong = { code: 'InvalidArgument', details: { argument: 'put[1].until', reason: expect.stringContaining('milliseconds') } }
    const rows = [{ team_id: 'x', user_id: 'y' }, { team_id: 'x', user_id: 'z', until: 'tomorrow' }] // prettier-ignore
    await expect(relations.put(MEMBERS.name, rows)).rejects.toMatchObject(wrong)
    await expect(relations.delete(MEMBERS.name, [{ team_id: 'red' }])).rejects.toMatchObject({ details: { argument: 'delete[0].user_id' } })
    for (const call of [() => relations.put('nowhere', []), () => relations.delete('nowhere', []), () => relations.list('nowhere')]) {
      await expect(call()).rejects.toMatchObject({ code: 'InvalidArgument', details: { argument: "the relation 'nowhere'" } })
    }
    await expect(relations.list(MEMBERS.name, { limit: 0 })).rejects.toMatchObject({ code: 'InvalidArgument' })
    const first = await relations.list(MEMBERS.name, { limit: 1 })
    expect(first).toEqual({
      rows: [{ team_id: 'blue', user_id: BOB, until: null, note: null }],
      next: { team_id: 'blue', user_id: BOB },
    })
    expect((await relations.list(MEMBERS.name, { after: first.next })).rows.map(({ team_id }) => team_id)).toEqual(['red'])
    await engine.close()
  })

  test('rows and columns that change at the same time', async () => {
    const { engine, metadata, policies } = await openTeams(store)
    const another = storedPolicies({ metadata })
    const rows = Array.from({ length: 20 }, (_value, at) => ({ team_id: `t${at}`, user_id: 'u', level: at }))
    await policies.change({ putRelations: [{ ...MEMBERS, columns: { ...MEMBERS.columns, ...more } }] })
    const outcomes = await Promise.all([
      ...rows.map((row) => attempt(another.relations.put(MEMBERS.name, [row]))),
      policies.change({ putRelations: [{ ...MEMBERS, columns: { ...fewer, ...more } }] }),
      ...rows.map(() => attempt(another.relations.list(MEMBERS.name))),
    ])
    expect(outcomes.filter((outcome) => outcome !== 'done' && outcome !== undefined)).toEqual([])
    const { rows: listed } = await policies.relations.list(MEMBERS.name)
    expect(listed).toHaveLength(rows.length + 2)
    expect(listed[0]).not.toHaveProperty('until')
    await engine.close()
  })
})

describe('a table of the same Postgres', () => {
  test('is looked into as it is, and never written', async () => {
    const store = STORES.find(({ name }) => name === 'postgres')
    if (store === undefined) throw new Error('unreachable')
    const [pool, schema] = [postgresPool(1), newSchema()]
    await pool.query(`CREATE SCHEMA ${schema}`)
    await pool.query(`CREATE TABLE ${schema}.members (team_id text NOT NULL, user_id uuid NOT NULL, role text)`)
    const { engine, session, policies, bucket } = await openPolicyEngine(store)
    const members: Relation = {
      name: `${schema}.members`,
      kept: 'postgres',
      columns: { team_id: TEXT, user_id: { type: 'uuid', nullable: false } },
      indexes: [],
    }
    const wrong = { ...members, columns: { ...members.columns, role: { type: 'int', nullable: true } } } as const
    await expect(policies.change({ putRelations: [MEMBERS, wrong] })).rejects.toMatchObject({
      details: { argument: 'putRelations[1].columns.role', reason: 'is text in the table, not integer or smallint' },
    })
    const member = exists(members, 'm', (m) => and(eq(m('team_id'), element(foldername(), 1)), eq(m('user_id'), uid())))
    await policies.change({ putRelations: [members], putPolicies: [policyOf({ using: member })] })
    expect((await policies.list()).relations).toEqual([members])
    for (const key of ['blue/a', 'red/a']) await session.putObject({ bucket, key, body: bytesOf(3) })
    const ann = engine.as(userOf(ANN))
    expect((await ann.listObjects({ bucket, delimiter: '/' })).commonPrefixes).toEqual([])
    await pool.query(`INSERT INTO ${schema}.members VALUES ('red', '${ANN}')`)
    expect((await ann.listObjects({ bucket, delimiter: '/' })).commonPrefixes).toEqual(['red/'])
    expect(await attempt(ann.putObject({ bucket, key: 'red/b', body: bytesOf(3) }))).toBe('done')
    expect(await attempt(ann.putObject({ bucket, key: 'blue/b', body: bytesOf(3) }))).toBe('AccessDenied')
    await expect(policies.relations.put(members.name, [{ team_id: 'blue', user_id: ANN }])).rejects.toMatchObject({
      code: 'InvalidArgument',
    })
    await pool.query(`DROP TABLE ${schema}.members`)
    expect(await attempt(ann.listObjects({ bucket }))).toBe('PolicyFailed')
    expect(await attempt(ann.putObject({ bucket, key: 'red/c', body: bytesOf(3) }))).toBe('PolicyFailed')
    expect(await attempt(session.listObjects({ bucket }))).toBe('done')
    await engine.close()
    await pool.query(`DROP SCHEMA ${schema} CASCADE`)
    await pool.end()
  })
})
