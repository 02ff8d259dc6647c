import { describe, expect, test } from 'vitest'
import { parseBucketPolicy } from './bucket-policy/parse-bucket-policy.ts'
import { accountCaller, ANONYMOUS, type Caller } from './caller.ts'
import type { DecisionGround } from './decision-ground.ts'
import type { Action, OperationName } from './operation.ts'
import { PolicySet } from './policy-set.ts'
import type { Access, Requirement } from './policy.ts'
import { ALWAYS, NEVER, type Predicate } from './predicate.ts'
import { RoleSet } from './role-set.ts'
import type { RowPolicy } from './row-policy.ts'

const OWN: Predicate = { k: 'cmp', op: '=', a: { k: 'col', n: 'owner_id' }, b: { k: 'ctx', f: 'sub' } }
const PNG: Predicate = {
  k: 'cmp',
  op: '=',
  a: { k: 'call', f: 'extension', a: [{ k: 'col', n: 'name' }] },
  b: { k: 'lit', t: 'text', v: 'png' },
}
const ACME = accountCaller('acme')
const OTHER = accountCaller('other')
const ANN = user('authenticated', 'acme', 'ann')
const SERVICE: Caller = { ...ANN, principal: { kind: 'role', role: 'service_role', sub: null, claims: {}, bypassRls: true } }

function user(role: string, account: string, sub: string): Caller {
  return {
    principal: { kind: 'role', role, sub, claims: { sub, team: 'sales' }, bypassRls: false },
    account,
    scope: null,
    credentialId: null,
  }
}

interface World {
  readonly policies?: readonly RowPolicy[]
  readonly statements?: readonly object[]
  readonly public?: boolean
  readonly versioning?: 'off' | 'enabled'
}

function decide(caller: Caller, action: Action, { more = {}, ...world }: World & { more?: Partial<Access> } = {}): Requirement {
  return trace(caller, action, { more, ...world }).requirement
}

function trace(
  caller: Caller,
  action: Action,
  { more = {}, policies = [], statements, ...world }: World & { more?: Partial<Access> } = {},
) {
  const set = new PolicySet({ roles: new RoleSet(), rowPolicies: policies })
  const text = JSON.stringify({ Version: '2012-10-17', Statement: statements })
  const grounds: DecisionGround[] = []
  const requirement = set.decide(
    { ...accessOf(caller, action, world), ...more },
    { bucketPolicy: statements === undefined ? null : parseBucketPolicy(text, 'photos'), trace: (ground) => grounds.push(ground) },
  )
  return { requirement, grounds }
}

function accessOf(caller: Caller, action: Action, world: World): Access {
  const onObject = action.startsWith('object.') && action !== 'object.list'
  const operations: Partial<Record<Action, OperationName>> = { 'object.list': 'ListObjects', 'object.write': 'PutObject' }
  return {
    caller,
    action,
    request: { operation: operations[action] ?? 'GetObject', at: new Date(0), facts: new Map([['sourceIp', '192.0.2.7']]) },
    side: 'target',
    bucket:
      action === 'bucket.create' || action === 'bucket.list'
        ? null
        : {
            id: '1',
            name: 'photos',
            jurisdiction: 'default',
            account: 'acme',
            public: world.public ?? false,
            versioning: world.versioning ?? 'off',
          },
    key: onObject ? 'ann/a.png' : null,
    versionId: null,
    overwrite: action === 'object.write' ? 'allowed' : null,
    listing: action === 'object.list' ? { prefix: 'ann/', delimiter: null, limit: 10 } : null,
    policyVersion: 7,
  }
}

const ALL = { existing: ALWAYS, proposed: ALWAYS, finalCreated: ALWAYS, finalReplaced: ALWAYS }
const NONE = {
  existing: NEVER,
  proposed: NEVER,
  finalCreated: NEVER,
  finalReplaced: NEVER,
  deniedExisting: 'forbidden',
  whenAbsent: 'forbidden',
}
const ACTIONS: readonly Action[] = ['bucket.read', 'bucket.update', 'bucket.delete', 'bucket.policy.read', 'bucket.policy.write', 'object.read', 'object.list', 'object.write', 'object.delete'] // prettier-ignore

const allow = (fields: object = {}): object => ({
  Effect: 'Allow', Principal: '*', Action: 's3:*', Resource: ['arn:aws:s3:::photos', 'arn:aws:s3:::photos/*'], ...fields }) // prettier-ignore
const deny = (fields: object = {}): object => ({ ...allow(fields), Effect: 'Deny' })
const policy = (fields: Partial<RowPolicy>): RowPolicy => ({
  name: 'p', table: 'objects', mode: 'permissive', command: 'all', roles: ['authenticated'], using: OWN, ...fields }) // prettier-ignore

describe.each(ACTIONS)('%s', (action) => {
  test('is the owner’s, and the bypassing roles’ of its account', () => {
    expect(decide(ACME, action)).toMatchObject(ALL)
    expect(decide(SERVICE, action)).toMatchObject(ALL)
  })

  test('is nobody else’s where nobody says more', () => {
    for (const caller of [ANONYMOUS, OTHER, user('authenticated', 'other', 'ann'), user('nobody', 'acme', 'ann')]) {
      expect(decide(caller, action, { policies: [policy({ roles: ['public'] })] })).toMatchObject(NONE)
    }
    const { existing, proposed, finalCreated, finalReplaced } = decide(user('anon', 'acme', 'ann'), action, { policies: [policy({})] })
    expect([existing, proposed, finalCreated, finalReplaced]).toEqual([NEVER, NEVER, NEVER, NEVER])
  })

  test('a bypass ends at the account’s own buckets', () => {
    expect(decide({ ...SERVICE, account: 'other' }, action, { policies: [policy({ roles: ['public'] })] })).toMatchObject(NONE)
  })

  test('a bypass that the role does not have is none', () => {
    const principal = { kind: 'role', role: 'authenticated', sub: 'ann', claims: {}, bypassRls: true } as const
    expect(decide({ ...ANN, principal }, action).existing).toBe(NEVER)
    // A statement that lets in the account speaks of the account, not of whoever says that he acts as it.
    const elsewhere = { ...ANN, account: 'other', principal }
    expect(decide(elsewhere, action, { statements: [allow({ Principal: { AWS: 'other' } })] })).toMatchObject(NONE)
  })

  test('a bucket policy lets others in, and keeps out the owner, but from the policy itself', () => {
    expect(decide(OTHER, action, { statements: [allow()] })).toMatchObject(action.startsWith('bucket.policy.') ? NONE : ALL)
    expect(decide(ANONYMOUS, action, { statements: [allow({ Principal: { AWS: 'other' } })] })).toMatchObject(NONE)
    expect(decide(OTHER, action, { statements: [allow(), deny()] })).toMatchObject(NONE)
    expect(decide(SERVICE, action, { statements: [deny()] })).toMatchObject(NONE)
    expect(decide(ACME, action, { statements: [deny()] })).toMatchObject(action.startsWith('bucket.policy.') ? ALL : NONE)
  })
})

describe('buckets that are not there yet', () => {
  test('an account makes its own, and lists its own', () => {
    expect(decide(ACME, 'bucket.create')).toMatchObject(ALL)
    expect(decide(ACME, 'bucket.list').existing).toEqual({
      k: 'cmp',
      op: '=',
      a: { k: 'col', n: 'account' },
      b: { k: 'lit', t: 'text', v: 'acme' },
    })
  })

  test('a user makes and lists what policies on buckets say, of the account alone', () => {
    const policies = [policy({ table: 'buckets', using: PNG })]
    expect(decide(ANN, 'bucket.create', { policies })).toMatchObject({ proposed: PNG, finalCreated: PNG })
    expect(decide(ANN, 'bucket.list', { policies }).existing).toMatchObject({ k: 'and', a: [{ a: { n: 'account' } }, PNG] })
    expect(decide(ANONYMOUS, 'bucket.create')).toMatchObject(NONE)
  })
})

describe('row-level security', () => {
  test('asks of a put what Postgres asks of an upsert that gives back its row', () => {
    const policies = [
      policy({ name: 's', command: 'select', using: OWN }),
      policy({ name: 'i', command: 'insert', using: undefined as never, check: PNG }),
    ]
    const requirement = decide(ANN, 'object.write', { policies })
    expect(requirement).toMatchObject({
      existing: NEVER,
      proposed: { k: 'and', a: [PNG, OWN] },
      finalCreated: { k: 'and', a: [PNG, OWN] },
      finalReplaced: NEVER,
    })
    expect(decide(ANN, 'object.write', { policies, more: { overwrite: 'never' } })).toMatchObject({
      existing: ALWAYS,
      proposed: PNG,
      finalCreated: PNG,
    })
  })

  test('hides what it refuses to read, list or delete, and says so of a write', () => {
    const policies = [policy({})]
    for (const action of ['object.read', 'object.list', 'object.delete'] as const) {
      expect(decide(ANN, action, { policies })).toMatchObject({ existing: OWN, deniedExisting: 'absent', whenAbsent: 'absent' })
    }
    expect(decide(ANN, 'object.write', { policies })).toMatchObject({ deniedExisting: 'forbidden', whenAbsent: 'absent' })
    expect(decide(ANN, 'object.delete', { policies, versioning: 'enabled' })).toMatchObject({ proposed: OWN, deniedExisting: 'forbidden' })
  })

  test('a bucket policy goes before it: allowed whole, or refused whole', () => {
    const policies = [policy({})]
    const list = { Action: 's3:ListBucket', Resource: 'arn:aws:s3:::photos' }
    expect(decide(ANN, 'object.list', { policies, statements: [allow(list)] }).existing).toBe(ALWAYS)
    expect(decide(ANN, 'object.list', { policies, statements: [deny(list)] })).toMatchObject(NONE)
    // Not to read an object does not hide its name.
    const get = { Action: 's3:GetObject', Resource: 'arn:aws:s3:::photos/*' }
    expect(decide(ANN, 'object.list', { policies, statements: [deny(get)] }).existing).toEqual(OWN)
    expect(decide(ANN, 'object.read', { policies, statements: [deny(get)] })).toMatchObject(NONE)
  })
})

describe('a public bucket', () => {
  test('lets everybody read by key, and nothing else', () => {
    for (const action of ACTIONS) {
      expect(decide(ANONYMOUS, action, { public: true })).toMatchObject(action === 'object.read' ? ALL : NONE)
    }
    expect(decide(ANONYMOUS, 'object.read', { public: true, statements: [deny()] })).toMatchObject(NONE)
    // What it was before is not what was made public.
    expect(decide(ANONYMOUS, 'object.read', { public: true, more: { versionId: 'null' } })).toMatchObject(NONE)
  })
})

describe('a denial of an account', () => {
  test('is for everybody who comes from it, where an allowance is for the account itself', () => {
    const policies = [policy({})]
    const acme = { Principal: { AWS: 'acme' }, Action: 's3:GetObject', Resource: 'arn:aws:s3:::photos/*' }
    expect(decide(ANN, 'object.read', { policies, statements: [deny(acme)] })).toMatchObject(NONE)
    expect(decide(ANN, 'object.read', { policies, statements: [allow(acme)] }).existing).toEqual(OWN)
  })
})

describe('what the claims of a signed URL say', () => {
  test('is what they said when it was signed', () => {
    const grant: Caller = {
      principal: { kind: 'grant', operation: 'GetObject', bucket: { jurisdiction: 'default', name: 'photos' }, key: 'ann/a.png', versionId: null, frozen: { sub: 'ann', role: 'authenticated', claims: { team: 'sales' } } },
      account: 'acme', scope: null, credentialId: null,
    } // prettier-ignore
    const sales = deny({ Condition: { StringEquals: { 'jwt:team': 'sales' } } })
    expect(decide(grant, 'object.read', { policies: [policy({})], statements: [sales] })).toMatchObject(NONE)
  })

  test('a bypass that signed one is held against the role, and denials of the role are heard', () => {
    const signedBy = (role: string): Caller => ({
      principal: { kind: 'grant', operation: 'GetObject', bucket: { jurisdiction: 'default', name: 'photos' }, key: 'ann/a.png', versionId: null, frozen: { sub: null, role, claims: { role }, bypassRls: true } },
      account: 'acme', scope: null, credentialId: null,
    }) // prettier-ignore
    expect(decide(signedBy('service_role'), 'object.read')).toMatchObject(ALL)
    expect(decide(signedBy('authenticated'), 'object.read').existing).toBe(NEVER)
    const services = deny({ Condition: { StringEquals: { 'jwt:role': 'service_role' } } })
    expect(decide(signedBy('service_role'), 'object.read', { statements: [services] })).toMatchObject(NONE)
  })
})

describe('absence', () => {
  test('is told to whoever may list', () => {
    const get = allow({ Action: 's3:GetObject', Resource: 'arn:aws:s3:::photos/*' })
    const list = allow({ Action: 's3:ListBucket', Resource: 'arn:aws:s3:::photos' })
    expect(decide(ANONYMOUS, 'object.read', { statements: [get] }).whenAbsent).toBe('forbidden')
    expect(decide(ANONYMOUS, 'object.read', { statements: [get, list] }).whenAbsent).toBe('absent')
  })
})

describe('conditions', () => {
  const allowed = (condition: object, caller = ANN, more: Partial<Access> = {}): boolean =>
    decide(caller, 'object.list', { statements: [allow({ Condition: condition })], more }).existing === ALWAYS

  test.each<[string, object, boolean]>([
    ['an address', { IpAddress: { 'aws:SourceIp': '192.0.2.0/24' } }, true],
    ['another address', { IpAddress: { 'aws:SourceIp': ['198.51.100.0/24', '2001:db8::/32'] } }, false],
    ['not that address', { NotIpAddress: { 'aws:SourceIp': '192.0.2.0/24' } }, false],
    ['the prefix', { StringLike: { 's3:prefix': 'ann/*' } }, true],
    ['the prefix of the user', { StringLike: { 's3:prefix': '${jwt:sub}/*' } }, true],
    ['the prefix of somebody', { StringEquals: { 's3:prefix': ['bob/', 'eve/'] } }, false],
    ['a claim', { StringEquals: { 'jwt:team': 'sales' } }, true],
    ['a key in another case', { StringEquals: { 'JWT:Team': 'sales' } }, true],
    ['a value in another case', { StringEquals: { 'jwt:team': 'Sales' } }, false],
    ['whatever the case', { StringEqualsIgnoreCase: { 'jwt:team': 'Sales' } }, true],
    ['a number', { NumericLessThanEquals: { 's3:max-keys': 10 } }, true],
    ['a smaller number', { NumericLessThan: { 's3:max-keys': '10' } }, false],
    ['a date', { DateLessThan: { 'aws:CurrentTime': '1970-01-02T00:00:00Z' } }, true],
    ['a date in seconds', { DateGreaterThan: { 'aws:EpochTime': '1' } }, false],
    ['what is missing', { StringEquals: { 'aws:Referer': 'https://a' } }, false],
    ['not what is missing', { StringNotEquals: { 'aws:Referer': 'https://a' } }, true],
    ['what is missing, if there', { StringEqualsIfExists: { 'aws:Referer': 'https://a' } }, true],
    ['a truth value that is missing', { Bool: { 'aws:SecureTransport': 'true' } }, false],
    ['that it is missing', { Null: { 'aws:Referer': 'true' } }, true],
    ['that it is there', { Null: { 'aws:Referer': 'false' } }, false],
    ['all of several', { StringEquals: { 'jwt:team': 'sales', 'jwt:sub': 'bob' } }, false],
    ['one of several values', { StringEquals: { 'jwt:sub': ['bob', 'ann'] } }, true],
    ['none of several values', { StringNotEquals: { 'jwt:sub': ['bob', 'ann'] } }, false],
    ['an ARN', { ArnLike: { 'aws:PrincipalArn': 'arn:aws:iam::acme:user/*' } }, true],
  ])('%s', (_, condition, expected) => {
    expect(allowed(condition)).toBe(expected)
  })

  test('a variable that has no value: an allow does not speak, a deny does', () => {
    const condition = { StringNotEquals: { 'aws:Referer': '${jwt:nobody}' } }
    const facts = new Map([['referer', 'https://a']])
    const more = { request: { operation: 'ListObjects', at: new Date(0), facts } } as const
    expect(allowed(condition, ANN, more)).toBe(false)
    expect(decide(ANN, 'object.list', { statements: [allow(), deny({ Condition: condition })], more })).toMatchObject(NONE)
  })

  test('a claim in two spellings of case: an allow does not speak, a deny does', () => {
    const claims = { team: 'sales', Team: 'board' }
    const both: Caller = { ...ANN, principal: { kind: 'role', role: 'authenticated', sub: 'ann', claims, bypassRls: false } }
    for (const condition of [
      { StringEquals: { 'jwt:team': 'sales' } },
      { StringNotEquals: { 'jwt:team': 'board' } },
      { StringEqualsIfExists: { 'jwt:team': 'x' } },
      { Null: { 'jwt:team': 'true' } },
      { Null: { 'jwt:team': 'false' } },
      { StringNotEquals: { 'aws:username': '${jwt:team}' } },
    ]) {
      expect([condition, allowed(condition, both)]).toEqual([condition, false])
      expect(decide(both, 'object.list', { statements: [allow(), deny({ Condition: condition })] })).toMatchObject(NONE)
    }
  })

  // Nothing of a request is a fact because the client says so.
  test('D24: a claim is no key of AWS, and a fact of another name is none', () => {
    const principal = {
      kind: 'role',
      role: 'authenticated',
      sub: 'ann',
      claims: { 'aws:sourceip': '10.0.0.1', sourceip: '10.0.0.1' },
      bypassRls: false,
    } as const
    expect(allowed({ IpAddress: { 'aws:SourceIp': '10.0.0.1' } }, { ...ANN, principal })).toBe(false)
  })
})

describe('what had a say is told', () => {
  test('the owner, a statement, the policies of each command', () => {
    expect(trace(ACME, 'object.read').grounds).toEqual([{ kind: 'owner', account: 'acme' }])
    expect(trace(ANONYMOUS, 'object.read', { public: true }).grounds).toEqual([{ kind: 'public-bucket' }])
    expect(trace(OTHER, 'object.read', { statements: [allow({ Sid: 'all' })] }).grounds).toEqual([
      { kind: 'statement', sid: 'all', effect: 'Allow', action: 's3:GetObject' },
    ])
    const policies = [policy({})]
    expect(trace(ANN, 'object.delete', { policies }).grounds).toMatchObject([
      { kind: 'row-policies', role: 'authenticated', table: 'objects', command: 'select', policies },
      { kind: 'row-policies', command: 'delete', policies },
    ])
  })
})
