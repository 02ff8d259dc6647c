import { describe, expect, test } from 'vitest'
import { ACME, POLICY_CASES, type PolicyCase, user } from '../../test/policy-cases.ts'
import { accountCaller, ANONYMOUS, type Caller } from './caller.ts'
import { evaluatePredicate } from './evaluate-predicate.ts'
import type { Action } from './operation.ts'
import { ownersOnly } from './ownership.ts'
import type { Access, Requirement } from './policy.ts'
import type { Versioning } from '../model/bucket.ts'
import { bucketPolicyRow, objectPolicyRow, type PolicyRow } from './predicate-row.ts'
import { ALWAYS, NEVER, type Predicate } from './predicate.ts'
import { ACTIONS } from './rule-parse.ts'
import type { Rule } from './rule.ts'
import { rules } from './rules.ts'
import { systemCaller } from './system-principal.ts'

test.each(POLICY_CASES.map((each): [string, PolicyCase] => [each.name, each]))('%s', (_, each) => {
  expect(decide(rules(each.rules).require(accessOf(each)), each)).toBe(each.expected)
})

describe('an account that owns', () => {
  const policy = ownersOnly()

  test.each(ACTIONS)('may do everything in its buckets: %s', (action) => {
    expect(decide(policy.require(access(ACME, action)), { action })).toBe('allowed')
  })

  test.each(
    ACTIONS.flatMap((action) => [ANONYMOUS, accountCaller('rival'), user('u1')].map((caller): [Action, Caller] => [action, caller])),
  )('and nobody else: %s', (action, caller) => {
    const requirement = policy.require(access(caller, action))
    expect(decide(requirement, { action })).toBe('forbidden')
  })

  test('costs no predicate where the bucket is known', () => {
    const requirement = policy.require(access(ACME, 'object.write'))
    expect([requirement.existing, requirement.proposed, requirement.finalCreated, requirement.finalReplaced]).toEqual(
      Array.from({ length: 4 }, () => ALWAYS),
    )
    expect(policy.require(access(ANONYMOUS, 'object.list', { key: null })).existing).toBe(NEVER)
  })
})

test('the system passes, and nothing that only looks like it', () => {
  const real = systemCaller('test')
  const forged = { ...ANONYMOUS, principal: { ...real.principal } }
  expect(rules([]).require(access(real, 'object.delete')).existing).toBe(ALWAYS)
  expect(rules([]).require(access(forged, 'object.delete')).existing).toBe(NEVER)
})

test('answers under the version it was asked with', () => {
  expect(rules([]).require(access(ACME, 'object.read')).policyVersion).toBe(7)
})

test.each(['off', 'enabled', 'suspended'] as const)(
  'a refused delete looks like absence only where that leaves no marker: %s',
  (versioning) => {
    const own: Predicate = { k: 'cmp', op: '=', a: { k: 'col', n: 'owner_id' }, b: { k: 'ctx', f: 'sub' } }
    const policy = rules([{ effect: 'allow', who: 'anyone', actions: ['object.read', 'object.delete'], when: own }])
    const { deniedExisting } = policy.require(access(user('u2'), 'object.delete', { versioning }))
    expect(deniedExisting).toBe(versioning === 'off' ? 'absent' : 'forbidden')
  },
)

describe('replacing the list', () => {
  const all: Rule = { effect: 'allow', who: 'anyone', actions: 'all' }

  test('holds from the next question on', () => {
    const policy = rules([])
    policy.replace([all])
    expect(policy.require(access(ACME, 'object.read')).existing).toBe(ALWAYS)
  })

  test('changes nothing where the new list is refused', () => {
    const policy = rules([all])
    expect(() => policy.replace([{ ...all, who: { owner: false } } as unknown as Rule])).toThrow()
    expect(policy.require(access(ACME, 'object.read')).existing).toBe(ALWAYS)
  })

  test('is not affected by what becomes of the list afterwards', () => {
    const mine: { effect: 'allow' | 'deny' } & Omit<Rule, 'effect'> = { ...all }
    const policy = rules([mine])
    mine.effect = 'deny'
    expect(policy.require(access(ACME, 'object.read')).existing).toBe(ALWAYS)
  })
})

const BASE = { effect: 'allow', who: 'anyone', actions: 'all' }
test.each<[string, unknown, string]>([
  ['no list', {}, 'rules'],
  ['a rule that is none', ['allow'], 'rules[0]'],
  ['an unknown field', [BASE, { ...BASE, condition: {} }], 'rules[1].condition'],
  ['an unknown effect', [{ ...BASE, effect: 'Allow' }], 'rules[0].effect'],
  ['nobody', [{ effect: 'allow', actions: 'all' }], 'rules[0].who'],
  ['two kinds of caller at once', [{ ...BASE, who: { role: 'a', sub: 'b' } }], 'rules[0].who'],
  ['an unknown kind of caller', [{ ...BASE, who: { group: 'a' } }], 'rules[0].who.group'],
  ['an empty role', [{ ...BASE, who: { role: '' } }], 'rules[0].who.role'],
  ['anonymous: false', [{ ...BASE, who: { anonymous: false } }], 'rules[0].who.anonymous'],
  ['no actions', [{ ...BASE, actions: [] }], 'rules[0].actions'],
  ['an unknown action', [{ ...BASE, actions: ['object.read', 'object.*'] }], 'rules[0].actions[1]'],
  ['a prefix on buckets', [{ ...BASE, actions: ['bucket.list'], keyPrefix: 'a' }], 'rules[0].actions[0]'],
  ['a bucket that is no text', [{ ...BASE, bucket: null }], 'rules[0].bucket'],
  ['an unsupported condition', [{ ...BASE, when: { k: 'and', a: [{ k: 'regex' }] } }], 'rules[0].when.a[0].k'],
  ['too many rules', Array.from({ length: 1001 }, () => BASE), 'rules'],
])('refuses %s, and says where', (_, list, argument) => {
  expect(() => rules(list as readonly Rule[])).toThrow(
    expect.objectContaining({ code: 'InvalidArgument', details: expect.objectContaining({ argument }) }),
  )
})

function accessOf({ caller, action, bucket, key }: PolicyCase): Access {
  const name = bucket === undefined ? 'photos' : bucket
  return access(caller, action, { ...(key === undefined ? {} : { key }), ...(name === null ? { bucket: null } : {}), name })
}

function access(
  caller: Caller,
  action: Action,
  place: { key?: string | null; bucket?: null; name?: string | null; versioning?: Versioning } = {},
): Access {
  const onObject = action.startsWith('object.')
  const noBucket = place.bucket === null || ((action === 'bucket.create' || action === 'bucket.list') && place.name === undefined)
  return {
    caller,
    action,
    request: { operation: 'GetObject', at: new Date(0), facts: new Map() },
    side: 'target',
    bucket: noBucket
      ? null
      : {
          id: '1',
          name: place.name ?? 'photos',
          jurisdiction: 'default',
          account: 'acme',
          public: false,
          versioning: place.versioning ?? 'off',
        },
    key: !onObject || place.key === null ? null : (place.key ?? 'a/b.png'),
    versionId: null,
    overwrite: action === 'object.write' ? 'allowed' : null,
    listing: null,
    policyVersion: 7,
  }
}

/** What the store makes of the requirement, for the row of the case. */
function decide(
  requirement: Requirement,
  { action, bucket = 'photos', key, row }: Pick<PolicyCase, 'action' | 'bucket' | 'key' | 'row'>,
): string {
  const passes = (predicate: Predicate, over: PolicyRow): boolean => evaluatePredicate(predicate, over) === true
  const over = action.startsWith('bucket.') ? bucketRow() : objectRow(bucket ?? 'photos', key ?? 'a/b.png', row ?? {})
  if (action === 'bucket.create') return passes(requirement.proposed, over) ? 'allowed' : 'forbidden'
  if (action === 'object.write') {
    const { existing, proposed, finalCreated, finalReplaced } = requirement
    return [existing, proposed, finalCreated, finalReplaced].every((each) => passes(each, over)) ? 'allowed' : 'forbidden'
  }
  if (row === null) return requirement.whenAbsent
  return passes(requirement.existing, over) ? 'allowed' : requirement.deniedExisting
}

function bucketRow(): PolicyRow {
  return bucketPolicyRow({
    id: '1',
    jurisdiction: 'default',
    name: 'photos',
    account: 'acme',
    public: false,
    versioning: 'off',
    createdAt: new Date(0),
  })
}

function objectRow(bucket: string, key: string, row: NonNullable<PolicyCase['row']>): PolicyRow {
  return objectPolicyRow(
    { name: bucket, account: 'acme', public: false },
    {
      key,
      ownerId: row.ownerId === undefined ? 'u1' : row.ownerId,
      versionId: 'null',
      createdAt: new Date(0),
      size: row.size ?? 12,
      etag: 'abc',
      headers: { contentType: 'image/png' },
      userMetadata: row.team === undefined ? {} : { team: row.team },
    },
  )
}
