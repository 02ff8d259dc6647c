import { sqliteMetadata } from '@stowage/core/sqlite'
import { postgresMetadata } from '@stowage/core/postgres'
import type { MetadataStore } from '@stowage/core'
import type { Relation, RelationRow } from '@stowage/core/policy'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openPostgresDatabase } from '../../core/test/postgres-database.ts'
import type { PostgresServer } from '../../core/test/postgres-server.ts'
import { parsePolicies } from '../src/index.ts'
import { openPolicyDoor } from './policy-door.ts'
import type { Claims, Objects, PolicyDoor } from './policy-door.ts'
import { REAL_POLICIES, REAL_RELATIONS } from './real-policies.ts'

const ANN = '11111111-1111-4111-8111-111111111111'
const BOB = '22222222-2222-4222-8222-222222222222'
const FROG = 'd7bed83c-44a0-4a4f-925f-efc384ea1e50'

const USERS = {
  anon: { role: 'anon' },
  ann: { role: 'authenticated', sub: ANN, aal: 'aal2', is_anonymous: false, app_metadata: { org_id: 'org1', teams: ['red', 'blue'] } },
  bob: { role: 'authenticated', sub: BOB, aal: 'aal1', is_anonymous: true, app_metadata: { org_id: 'org2', teams: 'red' } },
  /** A token of somebody else's making: it says nothing of what policies ask. */
  eve: { role: 'authenticated', sub: '33333333-3333-4333-8333-333333333333' },
  admin: { role: 'authenticated', sub: '44444444-4444-4444-8444-444444444444', user_role: 'admin' },
  frog: { role: 'authenticated', sub: FROG },
} as const satisfies Readonly<Record<string, Claims>>

const BUCKETS = ['public', 'mine', 'team', 'secret']
const OBJECTS: Objects = [
  ['public/a', ANN],
  ['mine/a', ANN],
  ['mine/b', BOB],
  [`mine/${ANN}/1`, ANN],
  [`mine/${BOB}/1`, BOB],
  ['mine/Public/cat.jpg', ANN],
  ['mine/Public/cat.png', ANN],
  ['mine/admin/assets/1', ANN],
  ['mine/admin/1', ANN],
  ['mine/admin/assets/Costa Rican Frog.jpg', ANN],
  ['mine/deep/down/favicon.ico', ANN],
  ['mine/org1/1', BOB],
  ['mine/red/1', BOB],
  ['mine/green/1', BOB],
  ['team/red/1', BOB],
  ['team/blue/1', BOB],
  ['secret/a', ANN],
]

type Header = readonly [string, string]
/** Who does what, and what comes of it: see `PolicyDoor.ask`. */
type Case = readonly [who: keyof typeof USERS, method: string, place: string, outcome: string, ...headers: Header[]]

interface Tried {
  /** Policies beside it, where it says only a part of what a request needs. */
  readonly beside?: string
  /** Changes its text, where S3's names of operations are meant. */
  readonly forS3?: readonly [from: string, to: string]
  readonly cases: readonly Case[]
}

const SEE = 'create policy see on storage.objects for select to authenticated using (true);'
const WRITE = `${SEE} create policy write on storage.objects for insert to authenticated with check (true);`
const PNG: Header = ['content-type', 'image/png']

/** What each of the 25 lets through and what not. Writing needs SELECT too, as in Postgres' `INSERT … ON CONFLICT`. */
const TRIED: Readonly<Record<string, Tried>> = {
  p01: { cases: [['anon', 'GET', 'public/a', '200'], ['ann', 'GET', 'public/a', '200'], ['anon', 'GET', 'mine/a', '404'], ['anon', 'PUT', 'public/b', '403'], ['anon', 'DELETE', 'public/a', 'kept'], ['anon', 'LIST', 'public/', 'a'], ['anon', 'LIST', 'mine/', '']] },
  p02: { beside: SEE, cases: [['ann', 'PUT', 'mine/new', '200'], ['ann', 'PUT', 'team/new', '403'], ['anon', 'PUT', 'mine/new', '403'], ['ann', 'PUT', 'mine/b', '403']] },
  p03: { beside: SEE, cases: [['ann', 'PUT', 'mine/private/new', '200'], ['ann', 'PUT', 'mine/private', '403'], ['ann', 'PUT', 'mine/x/private/new', '403'], ['ann', 'PUT', 'team/private/new', '403']] },
  p04: { cases: [['ann', 'GET', `mine/${ANN}/1`, '200'], ['ann', 'PUT', `mine/${ANN}/1`, '200'], ['ann', 'PUT', `mine/${ANN}/new`, '200'], ['ann', 'PUT', `mine/${BOB}/new`, '403'], ['ann', 'GET', `mine/${BOB}/1`, '404'], ['ann', 'DELETE', `mine/${BOB}/1`, 'kept'], ['bob', 'DELETE', `mine/${BOB}/1`, 'gone'], ['ann', 'LIST', 'mine/', `${ANN}/1 ${ANN}/new`], ['anon', 'GET', `mine/${ANN}/1`, '404']] },
  p05: { cases: [['ann', 'GET', 'mine/a', '200'], ['bob', 'GET', 'mine/a', '404'], ['bob', 'LIST', 'mine/', `${BOB}/1 b green/1 org1/1 red/1`], ['ann', 'PUT', 'mine/a', '403']] },
  p06: { beside: SEE, cases: [['bob', 'DELETE', 'mine/a', 'kept'], ['ann', 'DELETE', 'mine/a', 'gone'], ['anon', 'DELETE', 'mine/b', 'kept'], ['ann', 'PUT', 'mine/c', '403']] },
  p07: { cases: [['anon', 'GET', 'mine/Public/cat.jpg', '200'], ['anon', 'GET', 'mine/Public/cat.png', '404'], ['ann', 'GET', 'mine/Public/cat.jpg', '404'], ['anon', 'GET', 'mine/a', '404'], ['anon', 'LIST', 'mine/', 'Public/cat.jpg']] },
  p08: { cases: [['frog', 'GET', 'mine/admin/assets/1', '200'], ['frog', 'GET', 'mine/admin/1', '404'], ['ann', 'GET', 'mine/admin/assets/1', '404'], ['frog', 'GET', 'mine/a', '404']] },
  p09: { cases: [['frog', 'GET', 'mine/admin/assets/Costa Rican Frog.jpg', '200'], ['frog', 'GET', 'mine/admin/assets/1', '404'], ['ann', 'GET', 'mine/admin/assets/Costa Rican Frog.jpg', '404']] },
  p10: { cases: [['anon', 'GET', 'mine/deep/down/favicon.ico', '200'], ['ann', 'GET', 'mine/deep/down/favicon.ico', '200'], ['ann', 'GET', 'mine/a', '404'], ['ann', 'LIST', 'mine/', 'deep/down/favicon.ico']] },
  p11: { beside: SEE, cases: [['ann', 'PUT', 'mine/new.png', '200'], ['ann', 'PUT', 'mine/new.gif', '403'], ['ann', 'PUT', 'mine/png', '200'], ['ann', 'PUT', 'team/new.png', '403'], ['anon', 'PUT', 'mine/new2.png', '403']] },
  p12: { beside: SEE, cases: [['ann', 'PUT', 'mine/new', '200', PNG], ['ann', 'PUT', 'mine/new2', '403', ['content-type', 'text/html']], ['ann', 'PUT', 'mine/new3', '403']] },
  p13: { beside: SEE, cases: [['ann', 'PUT 100000', 'mine/new', '200'], ['ann', 'PUT 100001', 'mine/new2', '403'], ['anon', 'PUT', 'mine/new3', '403']] },
  p14: { beside: SEE, cases: [['ann', 'PUT', 'mine/new', '200', ['x-amz-meta-department', 'engineering']], ['ann', 'PUT', 'mine/new2', '403', ['x-amz-meta-department', 'sales']], ['ann', 'PUT', 'mine/new3', '403']] },
  p15: { cases: [['ann', 'GET', 'team/red/1', '200'], ['ann', 'GET', 'team/blue/1', '404'], ['bob', 'GET', 'team/red/1', '404'], ['ann', 'GET', 'mine/red/1', '404'], ['ann', 'LIST', 'team/', 'red/1']] },
  p16: { cases: [['ann', 'GET', 'mine/org1/1', '200'], ['bob', 'GET', 'mine/org1/1', '404'], ['eve', 'GET', 'mine/org1/1', '404'], ['ann', 'LIST', 'mine/', 'org1/1']] },
  p17: { cases: [['ann', 'GET', 'mine/red/1', '200'], ['ann', 'GET', 'team/blue/1', '200'], ['ann', 'GET', 'mine/green/1', '404'], ['eve', 'GET', 'mine/red/1', '404'], ['ann', 'LIST', 'mine/', 'red/1']] },
  p18: { cases: [['admin', 'GET', 'mine/a', '200'], ['admin', 'PUT', 'mine/a', '200'], ['admin', 'DELETE', 'mine/a', 'gone'], ['ann', 'GET', 'mine/b', '404'], ['ann', 'PUT', 'mine/c', '403']] },
  p19: { beside: SEE, cases: [['ann', 'GET', 'mine/a', '200'], ['bob', 'GET', 'mine/a', '404'], ['eve', 'GET', 'mine/a', '404'], ['bob', 'LIST', 'mine/', '']] },
  p20: { forS3: ["'object.list'", "'s3.object.list'"], cases: [['ann', 'LIST', 'public/', 'a'], ['ann', 'GET', 'public/a', '404'], ['bob', 'LIST', 'public/', '']] },
  p21: { beside: WRITE, cases: [['ann', 'PUT', 'mine/new', '200'], ['bob', 'PUT', 'mine/new2', '403'], ['eve', 'PUT', 'mine/new3', '403']] },
  p22: { beside: SEE, cases: [['ann', 'PUT', 'team/red/new', '200'], ['ann', 'PUT', 'team/blue/new', '403'], ['bob', 'PUT', 'team/red/new2', '403'], ['ann', 'PUT', 'mine/red/new', '403']] },
  p25: { cases: [['bob', 'GET', 'secret/a', '200'], ['ann', 'GET', 'secret/a', '404'], ['bob', 'GET', 'mine/org1/1', '404'], ['bob', 'LIST', 'mine/', 'a']] },
  p26: { forS3: ["'object.list','storage.object.get_authenticated'", "'s3.object.list','storage.s3.object.get'"], cases: [['ann', 'GET', 'mine/a', '200'], ['ann', 'LIST', 'public/', 'a'], ['ann', 'HEAD', 'mine/a', '404'], ['ann', 'GET', 'secret/a', '404'], ['ann', 'LIST', 'secret/', '']] },
  p27: { beside: WRITE, cases: [['ann', 'PUT', 'mine/a', '200'], ['ann', 'PUT', 'mine/b', '403'], ['ann', 'PUT', 'secret/a', '403'], ['bob', 'PUT', 'mine/a', '403']] },
} // prettier-ignore

let postgres: PostgresServer
let pool: ReturnType<PostgresServer['pool']>

beforeAll(async () => {
  postgres = await openPostgresDatabase()
  pool = postgres.pool()
  await pool.query(`CREATE TABLE public.team_members (team_id text NOT NULL, user_id text);
    CREATE TABLE public.file_shares (path text NOT NULL, shared_with text);
    INSERT INTO public.team_members VALUES ('red', '${ANN}'), ('blue', NULL);
    INSERT INTO public.file_shares VALUES ('a', '${BOB}'), ('org1/1', NULL)`)
}, 60_000)
afterAll(() => postgres.stop())

/** Tables of the same database. */
const OF_POSTGRES: readonly Relation[] = REAL_RELATIONS.map((relation) => ({
  ...relation,
  name: `public.${relation.name.replace(/^public\./, '')}`,
  kept: 'postgres',
}))
/** Kept by the engine: with a key, since a user may be missing. */
const OF_THE_ENGINE: readonly Relation[] = REAL_RELATIONS.map((relation) => ({
  ...relation,
  columns: { id: { type: 'int', nullable: false }, ...relation.columns },
  key: ['id'],
}))
const ROWS: readonly (readonly RelationRow[])[] = [
  [{ id: 1, team_id: 'red', user_id: ANN }, { id: 2, team_id: 'blue' }],
  [{ id: 1, path: 'a', shared_with: BOB }, { id: 2, path: 'org1/1' }],
] // prettier-ignore

const KINDS: readonly [string, () => MetadataStore, readonly Relation[]][] = [
  ['SQLite', () => sqliteMetadata({ temporary: true, worker: 'inline' }), OF_THE_ENGINE],
  ['Postgres', () => postgresMetadata({ pool, schema: 'real_policies' }), OF_THE_ENGINE],
  ['Postgres, over tables of its own', () => postgresMetadata({ pool, schema: 'real_policies_beside' }), OF_POSTGRES],
]

describe.each(KINDS)('the 25 policies of real projects, through S3 on %s', (_, openMetadata, relations) => {
  let door: PolicyDoor

  beforeAll(async () => {
    door = await openPolicyDoor(openMetadata(), BUCKETS)
    for (const [at, relation] of relations.entries()) await door.relate(relation, ROWS[at] ?? [])
  })
  afterAll(async () => {
    expect(door.faults).toEqual([])
    await door.close()
  })

  test.each(REAL_POLICIES.map((policy) => [policy.id, policy.what, policy.sql] as const))('%s: %s', async (id, _what, sql) => {
    const { beside = '', forS3, cases } = TRIED[id] ?? { cases: [] }
    // A bucket of S3 has three letters at least.
    const asWritten = sql.replaceAll("'my'", "'mine'")
    const text = forS3 === undefined ? asWritten : asWritten.replace(...forS3)
    const install = async (all: string): Promise<void> => {
      const { policies } = await parsePolicies(all, { relations })
      await door.install(policies)
    }
    await install(`${text}\n${beside}`)
    await door.restore(OBJECTS)
    const outcomes: (readonly [string, string, string, string])[] = []
    for (const [who, method, place, , ...headers] of cases) {
      outcomes.push([who, method, place, await door.ask(USERS[who], method, place, headers)])
    }
    expect(outcomes).toEqual(cases.map(([who, method, place, outcome]) => [who, method, place, outcome]))
    // Of each, something is allowed and something is not.
    expect(new Set(cases.map(([, , , outcome]) => /^(?:404|403|kept|)$/.test(outcome))).size).toBe(2)
    if (forS3 === undefined) return
    // As it is written it speaks of the operations of the REST door alone.
    await install(`${asWritten}\n${beside}`)
    for (const [who, method, place] of cases) expect(await door.ask(USERS[who], method, place)).toMatch(/^(?:404|)$/)
  })
})

test('each of the 25 has its cases', () => {
  expect(Object.keys(TRIED).sort()).toEqual(REAL_POLICIES.map(({ id }) => id).sort())
})
