import { createPolicySql } from '@stowage/core/policy'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { MORE_POLICIES, REAL_POLICIES, REAL_RELATIONS } from '../test/real-policies.ts'
import { parsePolicies } from './parse-policies.ts'
import { UnsupportedPolicyError } from './unsupported-policy-error.ts'

const CASES = 10_000
const options = { relations: REAL_RELATIONS }
const TEXTS = [...REAL_POLICIES, ...MORE_POLICIES].map(({ sql }) => sql)

/** What texts are made of, and what does not belong there. */
const PIECES = [
  ...new Set(TEXTS.flatMap((text) => text.match(/\w+|'[^']*'|[^\w\s']+/g) ?? [])),
  'null', 'true', 'not', 'or', 'and', 'is null', 'is unknown', '::uuid', '::bool', '::text[]', '::jsonb', "'{}'", "'[1, \"a\"]'", '0', '-1', '1.5', '9999999999',
  '99999999999999999999', '.', ',', ';', '(', ')', '[', ']', "'", '"', '$$', '--', '/*', '\\', '%', '*', 'é', '𝒳', '\ud800', '\0', 'E\'\\u0041\'', 'like', 'between',
  'collate "C"', 'array[]', 'array[null]', '= any', '<> all', 'case when', 'row(1)', 'x.y.z.w', 'interval', 'timestamptz', 'current_timestamp', 'exists (select 1)',
  'limit 0', 'distinct', 'now()', 'auth.uid()', 'path_tokens', 'size', 'constructor', '__proto__', 'toString',
] // prettier-ignore

type Change = readonly ['kin' | 'drop' | 'put' | 'swap' | 'double', number, number, string]

const change: fc.Arbitrary<Change> = fc.tuple(
  // Most texts must be whole ones, or only the grammar is tested.
  fc.constantFrom('kin', 'kin', 'kin', 'kin', 'drop', 'put', 'swap', 'double'),
  fc.nat(200),
  fc.nat(200),
  fc.constantFrom(...PIECES),
)

/** Another piece of the same sort: a text for a text, a name for a name, a sign for a sign. */
function kin(word: string, at: number): string {
  const sort = [/^'/, /^\d/, /^\w/, /^\S/].find((pattern) => pattern.test(word))
  const others = sort === undefined ? [] : PIECES.filter((piece) => sort.test(piece))
  return others[at % others.length] ?? word
}

/** The words of the text, with some of them gone, doubled, replaced or in each other's place. */
function changed(text: string, changes: readonly Change[]): string {
  const words = text.match(/\s+|\w+|'[^']*'|[^\w\s']/g) ?? []
  for (const [kind, from, to, piece] of changes) {
    const [a, b] = [from % words.length, to % words.length]
    if (kind === 'kin') words[a] = kin(words[a] ?? '', to)
    else if (kind === 'drop') words.splice(a, 1 + (to % 3))
    else if (kind === 'put') words.splice(a, to % 2, ` ${piece} `)
    else if (kind === 'double') words.splice(b, 0, ...words.slice(a, a + 4))
    else [words[a], words[b]] = [words[b] ?? '', words[a] ?? '']
    if (words.length === 0) return ''
  }
  return words.join('')
}

test(`${CASES} changed policies: read, and the same when printed and read again, or refused with a place in the text`, async () => {
  let read = 0
  let refused = 0
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...TEXTS), fc.array(change, { minLength: 1, maxLength: 4 }), async (text, changes) => {
      const sql = changed(text, changes)
      try {
        const { policies } = await parsePolicies(sql, options)
        read += 1
        for (const { source: _, ...policy } of policies) {
          const [again] = (await parsePolicies(createPolicySql(policy), options)).policies
          // Postgres' own table has no column of the size: it is printed as the member of the metadata that it is there, and read as that.
          if (/metadata ->>? 'size'/.test(createPolicySql(policy))) expect(again && createPolicySql(again)).toBe(createPolicySql(policy))
          else expect({ ...again, source: undefined }).toEqual({ ...policy, source: undefined })
        }
      } catch (error) {
        if (!(error instanceof UnsupportedPolicyError)) throw error
        refused += 1
        const line = sql.split('\n')[error.place.line - 1]
        expect(line).toBeDefined()
        expect(error.place.column).toBeLessThanOrEqual(Array.from(line ?? '').length + 1)
      }
    }),
    { numRuns: CASES },
  )
  // A generator whose every text is refused for its syntax would prove nothing.
  expect(read).toBeGreaterThan(CASES / 20)
  expect(refused).toBeGreaterThan(CASES / 20)
}, 120_000)
