import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Session } from '../src/engine/session.ts'
import type { RowPolicy } from '../src/policy/row-policy.ts'
import { STORES } from './stores.ts'
import { naiveListing } from './model/reference-listing.ts'
import { compareKeys } from './model/reference-model.ts'
import { openPolicyEngine, policyOf, userOf } from './policy-engine.ts'
import { arbitraryCondition } from './policy/row-policy-arbitrary.ts'
import { MODEL_RUNS, SEED, SEED_HINT } from './support/settings.ts'

const CLAIMS = { aal: 'aal2', app_metadata: { org: 'b', teams: ['a', 'c'] } }
const BUCKET = { name: 'bucket' }

const key = fc
  .array(fc.constantFrom('a', 'b', 'c', '/', 'ab', 'a/', '\u{10000}', '\uffff'), { minLength: 1, maxLength: 4 })
  .map((all) => all.join(''))
const rows = fc.uniqueArray(fc.record({ key, owner: fc.constantFrom('a', 'u1', 'u2') }), { selector: ({ key }) => key, maxLength: 14 })
const policies = fc.array(
  fc.record({ mode: fc.constantFrom('permissive', 'permissive', 'restrictive' as const), using: arbitraryCondition }),
  { maxLength: 4 },
)
const asked = fc.record({
  prefix: fc.oneof(fc.constant(''), fc.constantFrom('a', 'a/', 'b', '/')),
  delimiter: fc.constantFrom('', '/', '/', 'b'),
  limit: fc.integer({ min: 1, max: 5 }),
})

type Policy = Pick<RowPolicy, 'mode' | 'using'>
const selects = (all: readonly Policy[]): readonly RowPolicy[] =>
  all.map((one, at) => policyOf({ ...one, name: `p${at}`, command: 'select', roles: ['public'] }))

interface Shown {
  readonly keys: readonly string[]
  readonly prefixes: readonly string[]
}

/** All pages of a listing, put together. No page is longer than was asked for, and none leads nowhere. */
async function listed(session: Session, { limit, ...question }: { prefix?: string; delimiter?: string; limit: number }): Promise<Shown> {
  const keys: string[] = []
  const prefixes: string[] = []
  const tokens = new Set<string | null>()
  let token: string | null = null
  do {
    const page = await session.listObjects({ bucket: BUCKET, ...question, limit, ...(token === null ? {} : { continuationToken: token }) })
    expect(page.objects.length + page.commonPrefixes.length).toBeLessThanOrEqual(limit)
    keys.push(...page.objects.map((object) => object.key))
    prefixes.push(...page.commonPrefixes)
    token = page.nextToken
    expect(tokens.has(token)).toBe(false)
    tokens.add(token)
  } while (token !== null)
  return { keys, prefixes }
}

async function isShown(session: Session, name: string): Promise<boolean> {
  return session.headObject({ bucket: BUCKET, key: name }).then(
    () => true,
    () => false,
  )
}

// Of the time that the model has, this takes a small part.
const SHARES = { 'sqlite-inline': 0.15, postgres: 0.03 }
const KINDS = STORES.flatMap((store) => (store.name === 'sqlite-worker' ? [] : [{ name: store.name, store, share: SHARES[store.name] }]))

describe.each(KINDS)(
  `listings under random policies on $name (${SEED_HINT})`,
  { timeout: 120_000 + MODEL_RUNS * 100 },
  ({ store, share }) => {
    const runs = { numRuns: Math.max(1, Math.round(MODEL_RUNS * share)), seed: SEED }

    test('D35: show what may be read, rolled up after the rest was left out; a policy more shows more, or fewer where it restricts', async () => {
      // A page looks at few rows: most end in the middle of what is hidden.
      const { engine, policies: stored, session } = await openPolicyEngine(store, { limits: { rowsScannedMax: 4 } })
      const user = engine.as(userOf('a', { claims: CLAIMS }))
      let seen = 0
      const property = fc.asyncProperty(
        rows,
        policies,
        fc.array(asked, { minLength: 1, maxLength: 3 }),
        arbitraryCondition,
        async (all, some, questions, more) => {
          const { keys: former } = await listed(session, { limit: 1000 })
          if (former.length > 0) await session.deleteObjects({ bucket: BUCKET, objects: former.map((key) => ({ key })) })
          for (const { key, owner } of all) {
            const by = { ...userOf(owner), principal: { ...userOf(owner).principal, role: 'service_role', bypassRls: true } as const }
            await engine.as(by).putObject({ bucket: BUCKET, key, body: new Uint8Array(0) })
          }
          await stored.change({ putPolicies: selects(some), replacePolicies: true })
          const visible: string[] = []
          for (const { key } of all) if (await isShown(user, key)) visible.push(key)
          if (visible.length > 0 && visible.length < all.length) seen += 1
          for (const { prefix, delimiter, limit } of questions) {
            const lines = naiveListing(
              visible.map((key) => ({ key })),
              { prefix, delimiter, after: null },
            )
            const expected: Shown = {
              keys: lines.flatMap(({ entry }) => (entry === null ? [] : [entry.key])),
              prefixes: lines.flatMap(({ name, entry }) => (entry === null ? [name] : [])),
            }
            expect(await listed(user, { prefix, limit, ...(delimiter === '' ? {} : { delimiter }) })).toEqual(expected)
          }
          const before = [...visible].sort(compareKeys)
          for (const mode of ['permissive', 'restrictive'] as const) {
            await stored.change({ putPolicies: selects([...some, { mode, using: more }]), replacePolicies: true })
            const { keys } = await listed(user, { limit: 1000 })
            const [fewer, others] = mode === 'permissive' ? [before, keys] : [keys, before]
            expect(fewer.filter((key) => !others.includes(key))).toEqual([])
          }
        },
      )
      try {
        await fc.assert(property, runs)
      } finally {
        await engine.close()
      }
      expect(seen).toBeGreaterThan(0)
    })
  },
)
