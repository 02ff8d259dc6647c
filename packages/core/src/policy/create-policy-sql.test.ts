import { describe, expect, test } from 'vitest'
import { createPolicySql } from './create-policy-sql.ts'
import type { Predicate } from './predicate.ts'
import type { RowPolicy } from './row-policy.ts'

const name: Predicate = { k: 'col', n: 'name' }
const text = (v: string | null): Predicate => ({ k: 'lit', t: 'text', v })
const policy = (fields: Partial<RowPolicy>): RowPolicy => ({
  name: 'p',
  table: 'objects',
  mode: 'permissive',
  command: 'select',
  roles: ['public'],
  ...fields,
})

function using(predicate: Predicate, table: RowPolicy['table'] = 'objects'): string {
  const printed = createPolicySql(policy({ table, using: predicate }))
  return printed.slice(printed.indexOf('USING (') + 'USING ('.length, -2)
}

test('a policy with all its clauses', () => {
  const printed = createPolicySql({
    name: 'Own "folder"',
    table: 'buckets',
    mode: 'restrictive',
    command: 'update',
    roles: ['authenticated', 'Ops"; DROP'],
    using: { k: 'lit', t: 'bool', v: true },
    check: { k: 'col', n: 'public' },
    source: 'never printed',
  })
  expect(printed).toBe(
    'CREATE POLICY "Own ""folder""" ON storage.buckets AS RESTRICTIVE FOR UPDATE TO "authenticated", "Ops""; DROP" USING (TRUE) WITH CHECK (public);',
  )
})

test('without expressions it has no clauses for them, and public is no name', () => {
  expect(createPolicySql(policy({ command: 'all', roles: ['anon', 'public'] }))).toBe(
    'CREATE POLICY "p" ON storage.objects AS PERMISSIVE FOR ALL TO "anon", PUBLIC;',
  )
})

describe('constants', () => {
  test.each<readonly [Predicate, string]>([
    [text("it's"), "'it''s'::text"],
    [text('a\\b'), "E'a\\\\b'::text"],
    [text(null), 'NULL::text'],
    [{ k: 'lit', t: 'int', v: 5 }, '5'],
    [{ k: 'lit', t: 'int', v: -5 }, "'-5'::integer"],
    [{ k: 'lit', t: 'bigint', v: '9007199254740993' }, "'9007199254740993'::bigint"],
    [{ k: 'lit', t: 'num', v: 1.5 }, "'1.5'::double precision"],
    [{ k: 'lit', t: 'bool', v: false }, 'FALSE'],
    [{ k: 'lit', t: 'bool', v: null }, 'NULL::boolean'],
    [{ k: 'lit', t: 'jsonb', v: ["'"] }, `'["''"]'::jsonb`],
    [{ k: 'lit', t: 'jsonb', v: null }, 'NULL::jsonb'],
    [{ k: 'lit', t: 'timestamptz', v: 0 }, "'1970-01-01 00:00:00.000+00'::timestamptz"],
    [{ k: 'lit', t: 'timestamptz', v: Date.UTC(12_026, 0) }, "'12026-01-01 00:00:00.000+00'::timestamptz"],
    [{ k: 'lit', t: 'timestamptz', v: Date.UTC(-43, 0) }, "'0044-01-01 00:00:00.000+00 BC'::timestamptz"],
  ])('%j', (literal, expected) => {
    expect(using({ k: 'isnull', a: literal, neg: false })).toBe(`(${expected} IS NULL)`)
  })

  test('a NUL is refused', () => {
    expect(() => using({ k: 'isnull', a: text('\0'), neg: false })).toThrow('NUL')
    expect(() => createPolicySql(policy({ name: '\0' }))).toThrow('NUL')
  })
})

describe('expressions', () => {
  const folder: Predicate = { k: 'idx', a: { k: 'call', f: 'foldername', a: [name] }, i: 1 }
  test.each<readonly [string, Predicate]>([
    ["(name OPERATOR(pg_catalog.=) 'a'::text)", { k: 'cmp', op: '=', a: name, b: text('a') }],
    [`(name COLLATE "C" OPERATOR(pg_catalog.<) 'a'::text)`, { k: 'cmp', op: '<', a: name, b: text('a') }],
    ['((storage.foldername(name))[1] IS NULL)', { k: 'isnull', a: folder, neg: false }],
    ["(((SELECT auth.uid()))::text OPERATOR(pg_catalog.=) owner_id)", { k: 'cmp', op: '=', a: { k: 'cast', a: { k: 'ctx', f: 'uid' }, t: 'text' }, b: { k: 'col', n: 'owner_id' } }],
    ["(name OPERATOR(pg_catalog.=) ANY (ARRAY['a'::text]))", { k: 'in', a: name, l: [text('a')], neg: false }],
    ["(name OPERATOR(pg_catalog.<>) ALL (ARRAY['a'::text]))", { k: 'in', a: name, l: [text('a')], neg: true }],
    ['FALSE', { k: 'in', a: name, l: [], neg: false }],
    ["(name OPERATOR(pg_catalog.!~~) 'a%'::text)", { k: 'like', a: name, p: text('a%'), ci: false, neg: true }],
    [`(name COLLATE "C" OPERATOR(pg_catalog.~~*) 'a%'::text)`, { k: 'like', a: name, p: text('a%'), ci: true, neg: false }],
    ["((metadata OPERATOR(pg_catalog.->) 'a'::text) OPERATOR(pg_catalog.?) 'b'::text)", { k: 'jhas', a: { k: 'json', a: { k: 'col', n: 'metadata' }, p: 'a', text: false }, b: text('b') }],
    [`(pg_catalog.lower(name COLLATE "C") IS NOT NULL)`, { k: 'isnull', a: { k: 'call', f: 'lower', a: [name] }, neg: true }],
    ['(name IS NOT DISTINCT FROM owner_id)', { k: 'distinct', a: name, b: { k: 'col', n: 'owner_id' }, neg: true }],
    ['((NOT FALSE) IS NOT UNKNOWN)', { k: 'istest', op: 'IS_NOT_UNKNOWN', a: { k: 'not', a: { k: 'lit', t: 'bool', v: false } } }],
    ['(name OPERATOR(pg_catalog.=) ANY (SELECT pg_catalog.jsonb_array_elements_text((SELECT auth.jwt()))))', { k: 'inarr', a: name, arr: { k: 'ctx', f: 'jwt' } }],
    [`storage.allow_any_operation(ARRAY['object.list'::text]::text[])`, { k: 'call', f: 'allow_any_operation', a: [{ k: 'arr', a: [text('object.list')] }] }],
    [`(NULLIF(pg_catalog.current_setting('stowage.ip'::text, TRUE), ''::text) IS NULL)`, { k: 'isnull', a: { k: 'ctx', f: 'ip' }, neg: false }],
    ['(SELECT public FROM storage.buckets WHERE id OPERATOR(pg_catalog.=) storage.objects.bucket_id)', { k: 'col', n: 'public' }],
    ['TRUE', { k: 'and', a: [] }],
  ])('%s', (expected, predicate) => {
    expect(using(predicate)).toBe(expected)
  }) // prettier-ignore

  test('inside a subquery the row is named in full, and relations with their schema', () => {
    const where: Predicate = { k: 'cmp', op: '=', a: { k: 'rcol', alias: 'objects', n: 'Path', t: 'text' }, b: name }
    expect(using({ k: 'exists', rel: 'shares', alias: 'objects', where })).toBe(
      '(EXISTS (SELECT 1 FROM "public"."shares" AS "objects" WHERE ("objects"."Path" OPERATOR(pg_catalog.=) storage.objects.name)))',
    )
    const sel: Predicate = { k: 'rcol', alias: 't', n: 'id', t: 'text' }
    expect(using({ k: 'insub', a: name, rel: 'app.teams', alias: 't', sel, where: { k: 'lit', t: 'bool', v: true }, neg: true })).toBe(
      '(NOT (name OPERATOR(pg_catalog.=) ANY (SELECT "t"."id" FROM "app"."teams" AS "t")))',
    )
  })

  test('a bucket has its name for an id, and nothing of an object', () => {
    expect(using({ k: 'cmp', op: '=', a: { k: 'col', n: 'bucket_id' }, b: { k: 'col', n: 'etag' } }, 'buckets')).toBe(
      '(id OPERATOR(pg_catalog.=) NULL::text)',
    )
  })
})
