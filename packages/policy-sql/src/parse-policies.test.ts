import { createPolicySql, type Predicate, type RowPolicy } from '@stowage/core/policy'
import { describe, expect, test } from 'vitest'
import { MORE_POLICIES, REAL_POLICIES, REAL_RELATIONS, type RealPolicy } from '../test/real-policies.ts'
import { parsePolicies } from './parse-policies.ts'

const relations = { relations: REAL_RELATIONS }

async function only(sql: string): Promise<RowPolicy> {
  const { policies } = await parsePolicies(sql, relations)
  const [policy] = policies
  if (policy === undefined || policies.length > 1) throw new Error(`${policies.length} policies`)
  return policy
}

/** The USING of a policy on objects. */
async function using(expression: string): Promise<Predicate | undefined> {
  return (await only(`create policy p on storage.objects for select using (${expression})`)).using
}

/** Policies but for the text that they were read from. */
function withoutSource(policy: RowPolicy): Omit<RowPolicy, 'source'> {
  return Object.fromEntries(Object.entries(policy).filter(([field]) => field !== 'source')) as unknown as RowPolicy
}

test.each<RealPolicy>([...REAL_POLICIES, ...MORE_POLICIES])('$id, $what: printed and read again it is the same', async ({ id, sql }) => {
  const policy = await only(sql)
  expect(policy.name).toBe(id)
  expect(policy.source).toBe(sql.replace(/;$/, ''))
  expect(withoutSource(await only(createPolicySql(policy)))).toEqual(withoutSource(policy))
})

test('25 policies, and 15 more', () => {
  expect(REAL_POLICIES).toHaveLength(25)
  expect(MORE_POLICIES).toHaveLength(15)
})

const name: Predicate = { k: 'col', n: 'name' }
const text = (v: string | null): Predicate => ({ k: 'lit', t: 'text', v })
const uidText: Predicate = { k: 'cast', a: { k: 'ctx', f: 'uid' }, t: 'text' }
const folder: Predicate = { k: 'idx', a: { k: 'call', f: 'foldername', a: [name] }, i: 1 }

describe('what is read', () => {
  test('a whole policy', async () => {
    const sql =
      'create policy "Own ""folder""" on storage.buckets as restrictive for update to authenticated, "Ops" using (public) with check (name = id)'
    expect(withoutSource(await only(sql))).toEqual({
      name: 'Own "folder"',
      table: 'buckets',
      mode: 'restrictive',
      command: 'update',
      roles: ['authenticated', 'Ops'],
      using: { k: 'col', n: 'public' },
      check: { k: 'cmp', op: '=', a: name, b: { k: 'col', n: 'bucket_id' } },
    })
  })

  test.each<readonly [string, Predicate]>([
    ['(select auth.uid()::text) = (storage.foldername(name))[1]', { k: 'cmp', op: '=', a: uidText, b: folder }],
    ["owner = '6F9619FF8B86D011B42D00C04FC964FF'", { k: 'cmp', op: '=', a: { k: 'col', n: 'owner' }, b: { k: 'lit', t: 'uuid', v: '6f9619ff-8b86-d011-b42d-00c04fc964ff' } }],
    ["auth.jwt() -> 'a' ->> 0 = 'x'", { k: 'cmp', op: '=', a: { k: 'json', a: { k: 'json', a: { k: 'ctx', f: 'jwt' }, p: 'a', text: false }, p: 0, text: true }, b: text('x') }],
    ["auth.jwt() ->> 'sub' = owner_id", { k: 'cmp', op: '=', a: { k: 'ctx', f: 'sub' }, b: { k: 'col', n: 'owner_id' } }],
    ["current_setting('request.jwt.claims', true)::json ->> 'x' = 'y'", { k: 'cmp', op: '=', a: { k: 'json', a: { k: 'ctx', f: 'jwt' }, p: 'x', text: true }, b: text('y') }],
    ['owner_id is null', { k: 'isnull', a: { k: 'col', n: 'owner_id' }, neg: false }],
    ['name = null', { k: 'cmp', op: '=', a: name, b: text(null) }],
    ["name between 'a' and 'b'", { k: 'and', a: [{ k: 'cmp', op: '>=', a: name, b: text('a') }, { k: 'cmp', op: '<=', a: name, b: text('b') }] }],
    ["name not between 'a' and 'b'", { k: 'or', a: [{ k: 'cmp', op: '<', a: name, b: text('a') }, { k: 'cmp', op: '>', a: name, b: text('b') }] }],
    ['size < 5000000000', { k: 'cmp', op: '<', a: { k: 'col', n: 'size' }, b: { k: 'lit', t: 'bigint', v: '5000000000' } }],
    ['size < 5', { k: 'cmp', op: '<', a: { k: 'col', n: 'size' }, b: { k: 'lit', t: 'bigint', v: '5' } }],
    ["(metadata ->> 'n')::int < 1.5", { k: 'cmp', op: '<', a: { k: 'cast', a: { k: 'cast', a: { k: 'json', a: { k: 'col', n: 'metadata' }, p: 'n', text: true }, t: 'int' }, t: 'num' }, b: { k: 'lit', t: 'num', v: 1.5 } }],
    ["'5'::text::int = 5", { k: 'cmp', op: '=', a: { k: 'lit', t: 'int', v: 5 }, b: { k: 'lit', t: 'int', v: 5 } }],
    ["bucket_id <> all (array['a']::text[])", { k: 'in', a: { k: 'col', n: 'bucket_id' }, l: [text('a')], neg: true }],
    ["bucket_id = any ('{a,\"b c\",NULL}')", { k: 'in', a: { k: 'col', n: 'bucket_id' }, l: [text('a'), text('b c'), text(null)], neg: false }],
    ["'x' <> all (path_tokens)", { k: 'not', a: { k: 'anyeq', a: text('x'), arr: { k: 'col', n: 'path_tokens' } } }],
    ["name || '/' || size = 'a'", { k: 'cmp', op: '=', a: { k: 'concat', a: { k: 'concat', a: name, b: text('/') }, b: { k: 'cast', a: { k: 'col', n: 'size' }, t: 'text' } }, b: text('a') }],
    ["split_part(name, '/', 2) = 'x'", { k: 'cmp', op: '=', a: { k: 'call', f: 'split_part', a: [name, text('/'), { k: 'lit', t: 'int', v: 2 }] }, b: text('x') }],
    ['(select public from storage.buckets where id = bucket_id)', { k: 'col', n: 'public' }],
    ["bucket_id in (select team_id from team_members)", { k: 'insub', a: { k: 'col', n: 'bucket_id' }, rel: 'public.team_members', kept: 'engine', alias: 'team_members', sel: { k: 'rcol', alias: 'team_members', n: 'team_id', t: 'text' }, where: { k: 'lit', t: 'bool', v: true }, neg: false }],
    ["bucket_id = any (array(select team_id from team_members))", { k: 'insub', a: { k: 'col', n: 'bucket_id' }, rel: 'public.team_members', kept: 'engine', alias: 'team_members', sel: { k: 'rcol', alias: 'team_members', n: 'team_id', t: 'text' }, where: { k: 'lit', t: 'bool', v: true }, neg: false }],
  ])('%s', async (expression, expected) => {
    expect(await using(expression)).toEqual(expected)
  }) // prettier-ignore

  test('what Postgres makes of an expression is read as the expression', async () => {
    for (const [written, kept] of [
      ["metadata->>'mimetype' like 'image/%'", "((metadata ->> 'mimetype'::text) ~~ 'image/%'::text)"],
      ["name not ilike 'x'", "(name !~~* 'x'::text)"],
      ["not (name ilike 'x')", "(name !~~* 'x'::text)"],
      ["bucket_id in ('my', 'team')", "(bucket_id = ANY (ARRAY['my'::text, 'team'::text]))"],
      ['owner_id is not distinct from name', '(NOT (owner_id IS DISTINCT FROM name))'],
      ['(select auth.uid()::text) = owner_id', '(( SELECT (auth.uid())::text AS uid) = owner_id)'],
    ] as const) {
      expect(await using(kept)).toEqual(await using(written))
    }
  })

  test('a subquery names its own table first, as SQL does', async () => {
    const relation = {
      name: 'r',
      columns: { name: { type: 'text', nullable: true }, path: { type: 'text', nullable: true } },
      indexes: [],
      kept: 'engine',
    } as const
    const read = async (where: string) =>
      await parsePolicies(`create policy p on storage.objects using (exists (select 1 from r where ${where}))`, { relations: [relation] })
    const inner = await read('path = name')
    expect(inner.policies[0]?.using).toMatchObject({ where: { b: { k: 'rcol', alias: 'r', n: 'name' } } })
    expect(inner.warnings).toMatchObject([{ kind: 'inner-name', policy: 'p', place: { line: 1, column: 80 } }])
    const outer = await read('path = objects.name and path = storage.objects.name')
    expect(outer.policies[0]?.using).toMatchObject({ where: { a: [{ b: { k: 'col', n: 'name' } }, { b: { k: 'col', n: 'name' } }] } })
    expect(outer.warnings).toEqual([])
  })
})

test('columns that Supabase has among the metadata are read back where they can be told', async () => {
  for (const column of ['etag', 'public', 'account'] as const) {
    const using: Predicate = column === 'public' ? { k: 'col', n: column } : { k: 'cmp', op: '=', a: { k: 'col', n: column }, b: text('x') }
    const printed = createPolicySql({ name: 'p', table: 'objects', mode: 'permissive', command: 'select', roles: ['public'], using })
    expect((await only(printed)).using).toEqual(using)
  }
})

test('a relation inside itself has a name of its own', async () => {
  const nested = 'exists (select 1 from team_members where exists (select 1 from team_members where team_members.user_id = bucket_id))'
  expect(await using(nested)).toMatchObject({
    alias: 'team_members',
    where: { alias: 'team_members_2', where: { a: { k: 'rcol', alias: 'team_members_2' } } },
  })
  expect(
    await using(nested.replaceAll('from team_members', 'from team_members "two words"').replaceAll('team_members.', '"two words".')),
  ).toMatchObject({
    alias: 'r',
    where: { alias: 'r_2' },
  })
})

describe('statements', () => {
  test('what was passed over is listed, with the reason', async () => {
    const { policies, passedOver } = await parsePolicies(
      [
        '-- policies of the app',
        'begin;',
        'alter table storage.objects enable row level security;',
        'drop policy if exists a on storage.objects;',
        'create policy a on storage.objects using (true);',
        '  create policy todo on public.todos using (true);',
        'commit;',
      ].join('\n'),
    )
    expect(policies.map(({ name }) => name)).toEqual(['a'])
    expect(passedOver.map(({ place, reason }) => [place.line, place.column, reason])).toEqual([
      [2, 1, 'it is no statement about policies'],
      [3, 1, 'row-level security is always on, and tables have no owner that it does not apply to'],
      [4, 1, 'no policy of that name is made before it in this text'],
      [6, 3, 'its table is neither storage.objects nor storage.buckets'],
      [7, 1, 'it is no statement about policies'],
    ])
  })

  test('what changes a policy made before is followed', async () => {
    const { policies } = await parsePolicies(`
      create policy a on storage.objects for update to anon using (true);
      create policy b on storage.objects using (true);
      alter policy a on storage.objects to authenticated using (false) with check (name = 'x');
      alter policy a on storage.objects rename to c;
      drop policy b on storage.objects;`)
    expect(policies.map(withoutSource)).toEqual([
      {
        name: 'c',
        table: 'objects',
        mode: 'permissive',
        command: 'update',
        roles: ['authenticated'],
        using: { k: 'lit', t: 'bool', v: false },
        check: { k: 'cmp', op: '=', a: name, b: text('x') },
      },
    ])
  })

  test('a policy for PUBLIC and others is for PUBLIC', async () => {
    expect((await only('create policy a on storage.objects to anon, public using (true)')).roles).toEqual(['public'])
    expect((await only('create policy a on storage.objects using (true)')).roles).toEqual(['public'])
  })
})
