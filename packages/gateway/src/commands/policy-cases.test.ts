import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { CheckedFields } from '../stores/checked-fields.ts'
import { readExplainWish, writeExplainWish } from '../administration/explain-wish.ts'
import { parsePolicyCases } from './policy-cases.ts'

const READ = { name: 'one', as: { role: 'authenticated', sub: 'ann' }, do: 'GetObject', bucket: 'photos', key: 'k', expect: 'allow' }
/** JSON is YAML. */
const fileOf = (...cases: readonly unknown[]): string => JSON.stringify({ cases })
const FULL = `
defaults: { bucket: { name: photos, jurisdiction: eu }, as: &ann { role: authenticated, sub: ann, claims: { aal: aal2, teams: [a, b] } } }
cases:
  - name: no # a text, not a truth value
    do: PutObject
    key: 2026-01-01
    overwrite: never
    given: { size: 10, contentType: image/png, headers: { cache-control: no-store, X-Amz-Meta-A: "1" }, metadata: { b: "2" } }
    existing: { owner: bob }
    facts: { sourceIp: 192.0.2.1, secureTransport: true, x-amz-acl: private }
    expect: deny
  - { name: copy, as: *ann, do: CopyObject, key: k, source: { bucket: other, key: s }, expect: allow }
  - { name: list, as: anonymous, do: ListObjects, prefix: a/, delimiter: /, expect: deny }
  - { name: by key, as: { key: AKIAEXAMPLE }, do: HeadBucket, expect: deny }
  - { name: owner, as: { account: acme }, do: DeleteObject, key: k, versionId: v1, expect: allow }
`

test('cases in every form', () => {
  const cases = parsePolicyCases(FULL, 'cases.yaml')
  expect(cases.map(({ name, expected }) => [name, expected])).toEqual([
    ['no', 'deny'],
    ['copy', 'allow'],
    ['list', 'deny'],
    ['by key', 'deny'],
    ['owner', 'allow'],
  ])
  const ann = { kind: 'role', role: 'authenticated', sub: 'ann', claims: { aal: 'aal2', teams: ['a', 'b'] }, account: 'root' }
  expect(cases[0]?.wish).toEqual({
    caller: ann,
    operation: 'PutObject',
    bucket: { name: 'photos', jurisdiction: 'eu' },
    key: '2026-01-01',
    versionId: null,
    source: null,
    overwrite: 'never',
    proposed: { size: 10, headers: { contentType: 'image/png', cacheControl: 'no-store' }, userMetadata: { a: '1', b: '2' }, owner: null },
    existing: { size: null, headers: {}, userMetadata: {}, owner: 'bob' },
    prefix: null,
    delimiter: null,
    facts: { sourceIp: '192.0.2.1', secureTransport: true, 'x-amz-acl': 'private' },
  })
  expect(cases[1]?.wish).toMatchObject({ caller: ann, source: { bucket: { name: 'other' }, key: 's' } })
  expect(cases.slice(2).map(({ wish }) => wish.caller)).toEqual([
    { kind: 'anonymous' },
    { kind: 'key', accessKeyId: 'AKIAEXAMPLE' },
    { kind: 'account', account: 'acme' },
  ])
  // The way to another process and back.
  for (const { wish } of cases) {
    const written = new CheckedFields(JSON.parse(JSON.stringify(writeExplainWish(wish))), 'wish')
    expect(readExplainWish(written)).toEqual(wish)
    written.end()
  }
})

test('the example', async () => {
  const text = await readFile(new URL('../../../../examples/policies/cases.yaml', import.meta.url), 'utf8')
  expect(parsePolicyCases(text, 'cases.yaml').length).toBeGreaterThan(5)
})

const CASE = "cases[0] ('one')"
test.each<[string, string, string]>([
  ['no file of cases', '[]', 'f.yaml is not an object with named fields'],
  ['no cases', 'cases: []', 'there are no cases'],
  ['a field beside them', '{"cases": [], "case": 1}', "nobody knows 'case'. There are defaults, cases"],
  ['no list', 'cases: {}', 'cases is not a list'],
  ['no name', 'cases: [{}]', 'cases[0].name is missing'],
  ['an unknown field', fileOf({ ...READ, bukcet: 'x' }), `${CASE}: nobody knows 'bukcet'.`],
  ['an unknown field of the caller', fileOf({ ...READ, as: { role: 'a', claim: {} } }), "as: nobody knows 'claim'"],
  ['an unknown field of the object', fileOf({ ...READ, existing: { user: 'ann' } }), "existing: nobody knows 'user'"],
  ['an owner of what is brought', fileOf({ ...READ, given: { owner: 'ann' } }), "given: nobody knows 'owner'"],
  ['an unknown header', fileOf({ ...READ, given: { headers: { 'x-colour': 'red' } } }), "nothing is kept of the header 'x-colour'"],
  ['an unknown fact', fileOf({ ...READ, facts: { ip: '192.0.2.1' } }), "facts: nobody knows 'ip'"],
  ['an unknown operation', fileOf({ ...READ, do: 'Get' }), "do is 'Get', and should be one of CreateBucket"],
  ['another verdict', fileOf({ ...READ, expect: 'yes' }), "expect is 'yes', and should be one of allow, deny"],
  ['nobody', fileOf({ ...READ, as: undefined }), 'as is missing: who is it?'],
  ['a number for a key', fileOf({ ...READ, key: 7 }), 'key is not a text: put it in quotes'],
  ['half a byte', fileOf({ ...READ, given: { size: 0.5 } }), 'given.size is not a whole number from 0'],
  ['two of one name', fileOf(READ, READ), "two cases have the name 'one'"],
  ['too many', fileOf(...Array.from({ length: 1_001 }, (_, at) => ({ ...READ, name: String(at) }))), 'more than 1000 cases'],
  ['a field twice', 'cases: []\ncases: []', 'Map keys must be unique at line 2, column 1'],
  ['a tag', 'cases: !secret []', 'Unresolved tag: !secret at line 1, column 8'],
  ['two documents', '--- {}\n--- {}', 'multiple documents'],
  ['an anchor that is none', 'cases: *nothing', 'nothing'],
  ['no YAML', 'cases: [', 'at line 1, column 9'],
  ['a text without end', `cases: "${'x'.repeat(1_048_576)}"`, 'longer than 1048576 bytes'],
  ['anchors upon anchors', bomb(), 'Excessive alias count'],
  ['brackets upon brackets', '['.repeat(50_000), 'cannot be read as YAML'],
])('refused: %s', (_, text, sentence) => {
  expect(() => parsePolicyCases(text, 'f.yaml')).toThrow(sentence)
})

function bomb(): string {
  const levels = Array.from(
    { length: 9 },
    (_, at) =>
      `a${at}: &a${at} [${Array(10)
        .fill(at === 0 ? '1' : `*a${at - 1}`)
        .join(', ')}]\n`,
  )
  return levels.join('')
}
