import { describe, expect, test } from 'vitest'
import { REAL_RELATIONS } from '../test/real-policies.ts'
import { parsePolicies } from './parse-policies.ts'
import { UnsupportedPolicyError } from './unsupported-policy-error.ts'

const options = { relations: REAL_RELATIONS }

async function fault(sql: string): Promise<UnsupportedPolicyError> {
  const error: unknown = await parsePolicies(sql, options).catch((thrown: unknown) => thrown)
  if (error instanceof UnsupportedPolicyError) return error
  throw new Error(`read: ${sql}`)
}

/** A caret in the expression, in the line below, marks the place. */
async function expectRefused(expression: string, marked: string, reason: string, fix: string | null): Promise<void> {
  const error = await fault(`create policy p on storage.objects for all\nusing (\n${expression}\n)`)
  expect({ ...error.place, reason: error.reason, fix: error.fix }).toEqual({ line: 3, column: marked.indexOf('^') + 1, reason, fix })
  expect(error.statement).toBe(`create policy p on storage.objects for all\nusing (\n${expression}\n)`)
}

describe('what cannot be expressed', () => {
  test.each<readonly [string, string, string, string | null]>([
    ['owner_id = auth.uid()',
     '           ^', 'operator does not exist: text = uuid', 'add ::text to the uuid'],
    ['(select auth.uid()) = owner_id',
     '        ^', 'operator does not exist: uuid = text', 'add ::text to the uuid'],
    ["name ~ '^a'",
     '     ^', 'the operator ~', 'use LIKE, starts_with or an equality'],
    ["auth.jwt() #>> '{a,b}' = 'c'",
     '           ^', 'the operator #>>', "step by step: -> 'a' ->> 'b'"],
    ['array_length(path_tokens, 1) = 2',
     '^', 'the function array_length', 'ask for an element: (storage.foldername(name))[2] IS NULL'],
    ['public.is_admin()',
     '^', 'the function public.is_admin', null],
    ["case when true then name = 'a' end",
     '^', 'CASE', 'use AND and OR'],
    ['exists (select 1 from auth.users)',
     '                      ^', 'relation auth.users is not registered', 'register it with its columns: policies see no other tables'],
    ['exists (select 1 from team_members t join file_shares s on true)',
     '^', 'a join', 'nest them: EXISTS (… AND EXISTS (…))'],
    ['exists (select 1 from team_members, file_shares)',
     '^', 'a query over several tables', 'nest them: EXISTS (… AND EXISTS (…))'],
    ['exists (select count(*) from team_members)',
     '^', 'EXISTS of a query that gives more than columns', 'SELECT 1'],
    ['name in (select team_id from team_members limit 1)',
     '     ^', 'LIMIT in a query of a policy', null],
    ['name in (select team_id from team_members union select path from file_shares)',
     '     ^', 'a query that gives not one column', 'SELECT one column'],
    ['name = (select team_id from team_members)',
     '       ^', 'a query for one value of a table', 'use EXISTS (SELECT 1 FROM …) or IN (SELECT … FROM …)'],
    ['exists (select 1 from storage.buckets where public)',
     '                      ^', 'a query over storage.buckets', 'on storage.objects, (SELECT public FROM storage.buckets WHERE id = bucket_id) is read'],
    ['exists (select 1 from team_members tm where team_members.user_id = name)',
     '                                            ^', 'missing FROM-clause entry for table team_members', null],
    ['exists (select 1 from team_members tm where tm.nobody = name)',
     '                                            ^', 'relation public.team_members has no column nobody', null],
    ['nobody = 1',
     '^', 'storage.objects has no column nobody that a policy may read', null],
    ["owner = 'x'",
     '        ^', 'invalid input syntax for type uuid: "x"', null],
    ["size < '12abc'",
     '       ^', 'invalid input syntax for type bigint: "12abc"', null],
    ["'99999999999'::int = 1",
     '^', 'value "99999999999" is out of range for type integer', null],
    ["created_at > '2026-01-01'",
     '             ^', '"2026-01-01" is read by the settings of a session', "write it as '2026-01-31 12:00:00+00'"],
    ["(metadata ->> 'size')::numeric > 1",
     '                       ^', 'a cast to numeric', 'use ::bigint or ::double precision'],
    ["metadata -> 'a' = metadata -> 'b'",
     '                ^', 'a comparison of two values of type jsonb', 'read a member as text with ->>'],
    ['metadata ->> name = name',
     '             ^', 'a step into JSON that is not a constant', "write the member's name or the element's place as a constant"],
    ['path_tokens[size] = name',
     '^', 'an element whose place is no constant, or several', 'write a number: [1] is the first'],
    ['path_tokens[1:2] is null',
     '^', 'an element whose place is no constant, or several', 'write a number: [1] is the first'],
    ['name[1] = name',
     '^', 'cannot subscript type text', null],
    ['name',
     '^', 'the expression of a policy must be type boolean, not type text', null],
    ['not name',
     '    ^', 'argument of NOT must be type boolean, not type text', null],
    ['current_user = name',
     '^', 'CURRENT_USER', 'use auth.role()'],
    ["name < 'a' collate \"de_DE\"",
     '           ^', 'the collation de_DE', 'texts compare by their bytes: COLLATE "C"'],
    ["name = any ('{{a}}')",
     '            ^', '"{{a}}" is no plain array', "write ARRAY['a', 'b']"],
    ['1 < any (path_tokens)',
     '  ^', '< ANY of an array', 'only = ANY and <> ALL are read'],
    ['name between symmetric name and name',
     '     ^', 'BETWEEN SYMMETRIC', 'use BETWEEN with the smaller value first'],
    ["name = any (array(select team_id from team_members order by 1))",
     '     ^', 'ORDER BY in a query of a policy', null],
    ["name = $1",
     '       ^', 'a parameter', null],
    ["name = split_part(name, '/', 0)",
     '                             ^', 'a field position that is no constant, or 0', null],
  ])('%s', expectRefused) // prettier-ignore

  test('places count characters, not bytes', async () => {
    const error = await fault(`/* é𝒳 */ create policy "é𝒳" on storage.objects using ('é𝒳' = auth.uid())`)
    expect([error.place, error.reason]).toEqual([{ line: 1, column: 55 }, 'invalid input syntax for type uuid: "é𝒳"'])
    const behind = await fault(`create policy p on storage.objects using (name = 'é𝒳' and no)`)
    expect(behind.place).toEqual({ line: 1, column: 59 })
  })

  test('the statement that is at fault is named alone', async () => {
    const error = await fault(
      `-- first\ncreate policy a on storage.objects using (true);\n\n-- second\n  create policy b on storage.objects\n    using (x);`,
    )
    expect(error.place).toEqual({ line: 6, column: 12 })
    expect(error.statement).toBe('create policy b on storage.objects\n    using (x)')
    expect(error.message).toBe('6:12: storage.objects has no column x that a policy may read')
  })
})

describe('statements that are refused', () => {
  test.each<readonly [string, number, string]>([
    ['create policy a on objects using (true)', 20, 'objects without a schema'],
    ['create policy a on storage.objects for insert using (true)', 1, 'only WITH CHECK expression allowed for INSERT'],
    ['create policy a on storage.objects for select with check (true)', 1, 'WITH CHECK cannot be applied to SELECT or DELETE'],
    ['create policy a on storage.objects to current_user using (true)', 39, 'a role that means whoever runs the statement'],
    ['create policy a on storage.objects for truncate using (true)', 40, 'syntax error at or near "truncate"'],
    ['create policy a on storage.objects using (true); create policy a on storage.objects', 50, 'policy "a" for table "objects" already exists'],
    ['create policy a on storage.objects', 1, 'a policy without USING and WITH CHECK says nothing'],
    ['alter policy a on storage.objects using (true)', 1, 'policy "a" for table "objects" is not made before this statement'],
    ['drop policy a on storage.objects', 1, 'policy "a" for table "objects" is not made before this statement'],
    ['alter policy a on storage.objects rename to b', 1, 'policy "a" for table "objects" is not made before this statement'],
    ['alter table storage.objects disable row level security', 1, 'row-level security that is switched off'],
    ['do $$ begin execute \'create policy a on storage.objects using (true)\'; end $$', 1, 'a DO block that speaks of policies'],
    ['create policy a on storage.objects using (', 43, 'syntax error at end of input'],
    ['create policy a on storage.objects using (true); é é', 50, 'syntax error at or near "é"'],
    ['select 1; \0 create policy a on storage.objects using (true)', 11, 'a NUL in the text'],
  ])('%s', async (sql, column, reason) => {
    const error = await fault(sql)
    expect([error.place, error.reason]).toEqual([{ line: 1, column }, reason])
  }) // prettier-ignore

  test('what the engine has no room for', async () => {
    const deep = `${'coalesce('.repeat(80)}name${')'.repeat(80)} = 'a'`
    expect((await fault(`create policy a on storage.objects using (${deep})`)).reason).toContain('nests deeper than 64')
    const wide = Array.from({ length: 5000 }, (_, at) => `'${at}'`).join()
    expect((await fault(`create policy a on storage.objects using (name in (${wide}))`)).reason).toContain('has more than 4096 nodes')
  })

  test('texts that nest too deeply', async () => {
    for (const expression of [
      `${'not '.repeat(5000)}true`,
      `name${'::text'.repeat(20_000)} = 'a'`,
      `${'('.repeat(20_000)}true${')'.repeat(20_000)}`,
    ]) {
      expect((await fault(`create policy a on storage.objects using (${expression})`)).reason).toMatch(/deep|memory exhausted/)
    }
  })
})

describe('warnings', () => {
  test.each<readonly [string, string, number]>([
    ["path_tokens[1]::uuid = auth.uid()", 'cast-can-fail', 15],
    ["(storage.foldername(name))[1]::int = 1", 'cast-can-fail', 30],
    ["(auth.jwt() -> 'user_metadata' ->> 'org') = bucket_id", 'user-writable-claim', 13],
    ["lower(name) = 'a'", 'ascii-case', 1],
    ["name > 'a'", 'byte-order', 6],
  ])('%s', async (expression, kind, column) => {
    const { warnings } = await parsePolicies(`create policy p on storage.objects using (\n${expression})`)
    expect(warnings).toMatchObject([{ kind, policy: 'p', place: { line: 2, column } }])
  }) // prettier-ignore

  test.each([
    `name > 'a' collate "C"`,
    `lower(name collate "C") = 'a'`,
    "(auth.jwt() ->> 'n')::int = 1",
    "auth.jwt() -> 'app_metadata' ->> 'a' = name",
  ])('none for %s', async (expression) => {
    expect((await parsePolicies(`create policy p on storage.objects using (${expression})`)).warnings).toEqual([])
  })
})
