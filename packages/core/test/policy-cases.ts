import { accountCaller, ANONYMOUS, type Caller } from '../src/policy/caller.ts'
import type { Action } from '../src/policy/operation.ts'
import type { Predicate } from '../src/policy/predicate.ts'
import type { Rule } from '../src/policy/rule.ts'

/** One line of the decision table: with these rules, may this caller do this to this row, and how does no look? */
export interface PolicyCase {
  readonly name: string
  readonly rules: readonly Rule[]
  readonly caller: Caller
  readonly action: Action
  /** Default: the bucket `photos` of the account `acme`; null where the action has none. */
  readonly bucket?: string | null
  /** Default: `a/b.png` for actions on objects; null for a listing. */
  readonly key?: string | null
  /** What lies at the key; null for nothing. Default: an object of `u1`, 12 bytes of image/png. */
  readonly row?: { readonly ownerId?: string | null; readonly size?: number; readonly team?: string } | null
  readonly expected: 'allowed' | 'forbidden' | 'absent'
}

/** The account that owns the bucket `photos`. */
export const ACME: Caller = accountCaller('acme')
/** Another account. */
const RIVAL: Caller = accountCaller('rival')
/** An ordinary user of the account, `u1` unless said otherwise. */
export function user(sub: string, role: string = 'authenticated'): Caller {
  return { ...ACME, principal: { kind: 'role', role, sub, claims: {}, bypassRls: false } }
}
/** A key of the account that bypasses row-level security. */
const SERVICE: Caller = { ...ACME, principal: { kind: 'role', role: 'service_role', sub: null, claims: {}, bypassRls: true } }
/** A URL that was signed for `u1`. */
const SIGNED: Caller = {
  ...ACME,
  principal: {
    kind: 'grant',
    operation: 'GetObject',
    bucket: { jurisdiction: 'default', name: 'photos' },
    key: 'a/b.png',
    versionId: null,
    frozen: { sub: 'u1', role: 'authenticated' },
  },
}

const owner: Predicate = { k: 'col', n: 'owner_id' }
const OWN: Predicate = { k: 'cmp', op: '=', a: owner, b: { k: 'ctx', f: 'sub' } }
const SMALL: Predicate = { k: 'cmp', op: '<=', a: { k: 'col', n: 'size' }, b: { k: 'lit', t: 'num', v: 100 } }
const RED: Predicate = {
  k: 'cmp',
  op: '=',
  a: { k: 'json', a: { k: 'col', n: 'user_metadata' }, p: 'team', text: true },
  b: { k: 'lit', t: 'text', v: 'red' },
}

const allow = (rule: Partial<Rule> = {}): Rule => ({ effect: 'allow', who: 'anyone', actions: 'all', ...rule })
const deny = (rule: Partial<Rule> = {}): Rule => ({ effect: 'deny', who: 'anyone', actions: 'all', ...rule })
const OWNER = allow({ who: { owner: true } })
const READ_OWN = allow({ who: { role: 'authenticated' }, actions: ['object.read', 'object.list'], when: OWN })

/** The table. Run against the rules themselves, and by the doors through their own requests. */
export const POLICY_CASES: readonly PolicyCase[] = [
  { name: 'nobody without a rule', rules: [], caller: ACME, action: 'object.read', expected: 'forbidden' },
  { name: 'no listing without a rule', rules: [], caller: ACME, action: 'object.list', key: null, expected: 'forbidden' },
  { name: 'an allow for anyone', rules: [allow()], caller: ANONYMOUS, action: 'object.write', expected: 'allowed' },
  { name: 'a deny beats an allow', rules: [allow(), deny()], caller: ACME, action: 'object.read', expected: 'forbidden' },
  { name: 'a deny beats an allow behind it', rules: [deny(), allow()], caller: ACME, action: 'object.read', expected: 'forbidden' },
  { name: 'only the named action', rules: [allow({ actions: ['object.read'] })], caller: ACME, action: 'object.write', expected: 'forbidden' },
  { name: 'the owner in its bucket', rules: [OWNER], caller: ACME, action: 'object.delete', expected: 'allowed' },
  { name: 'another account', rules: [OWNER], caller: RIVAL, action: 'object.read', expected: 'forbidden' },
  { name: 'a user of the account is not its owner', rules: [OWNER], caller: user('u1'), action: 'object.read', expected: 'forbidden' },
  { name: 'a service role acts as its account', rules: [OWNER], caller: SERVICE, action: 'object.read', expected: 'allowed' },
  { name: 'a URL signed for a user is not the owner', rules: [OWNER], caller: SIGNED, action: 'object.read', expected: 'forbidden' },
  { name: 'a deny holds for a service role', rules: [OWNER, deny({ actions: ['object.delete'] })], caller: SERVICE, action: 'object.delete', expected: 'forbidden' },
  { name: 'anonymous only', rules: [allow({ who: { anonymous: true } })], caller: ACME, action: 'object.read', expected: 'forbidden' },
  { name: 'anonymous', rules: [allow({ who: { anonymous: true } })], caller: ANONYMOUS, action: 'object.read', expected: 'allowed' },
  { name: 'a named account', rules: [allow({ who: { account: 'rival' } })], caller: RIVAL, action: 'object.read', expected: 'allowed' },
  { name: 'a named role', rules: [allow({ who: { role: 'editor' } })], caller: user('u1', 'editor'), action: 'object.write', expected: 'allowed' },
  { name: 'a role that is not named', rules: [allow({ who: { role: 'editor' } })], caller: user('u1'), action: 'object.write', expected: 'forbidden' },
  { name: 'a named sub', rules: [allow({ who: { sub: 'u1' } })], caller: user('u1'), action: 'object.write', expected: 'allowed' },
  { name: 'an account is not a sub of that name', rules: [allow({ who: { sub: 'acme' } })], caller: ACME, action: 'object.write', expected: 'forbidden' },
  { name: 'a bucket of another name', rules: [allow({ bucket: 'photos' })], caller: ACME, bucket: 'photos2', action: 'object.read', expected: 'forbidden' },
  { name: 'a bucket by name', rules: [allow({ bucket: 'photos' })], caller: ACME, action: 'object.read', expected: 'allowed' },
  { name: 'a prefix', rules: [allow({ keyPrefix: 'a/' })], caller: ACME, action: 'object.read', expected: 'allowed' },
  { name: 'outside a prefix', rules: [allow({ keyPrefix: 'a/' })], caller: ACME, key: 'a', action: 'object.read', expected: 'forbidden' },
  { name: 'a prefix is no pattern', rules: [allow({ keyPrefix: '_/' })], caller: ACME, action: 'object.read', expected: 'forbidden' },
  { name: 'a prefix says nothing of the bucket', rules: [allow({ keyPrefix: '' })], caller: ACME, action: 'bucket.delete', expected: 'forbidden' },
  { name: 'a listing shows what the prefix covers', rules: [allow({ keyPrefix: 'a/' })], caller: ACME, key: null, action: 'object.list', expected: 'allowed' },
  { name: 'a listing hides what it does not', rules: [allow({ keyPrefix: 'b/' })], caller: ACME, key: null, action: 'object.list', expected: 'forbidden' },
  { name: 'own objects', rules: [READ_OWN], caller: user('u1'), action: 'object.read', expected: 'allowed' },
  { name: 'own objects by a signed URL', rules: [READ_OWN], caller: SIGNED, action: 'object.read', expected: 'allowed' },
  { name: 'objects of others', rules: [READ_OWN], caller: user('u2'), action: 'object.read', expected: 'forbidden' },
  { name: 'a key without an object, where rows decide', rules: [READ_OWN], caller: user('u2'), action: 'object.read', row: null, expected: 'forbidden' },
  { name: 'own objects in a listing', rules: [READ_OWN], caller: user('u1'), key: null, action: 'object.list', expected: 'allowed' },
  { name: 'objects of others in a listing', rules: [READ_OWN], caller: user('u2'), key: null, action: 'object.list', expected: 'forbidden' },
  { name: 'objects of nobody', rules: [READ_OWN], caller: user('u1'), row: { ownerId: null }, action: 'object.read', expected: 'forbidden' },
  { name: 'an allow whose condition is unknown', rules: [allow({ when: RED })], caller: ACME, action: 'object.read', expected: 'forbidden' },
  { name: 'an allow whose condition holds', rules: [allow({ when: RED })], caller: ACME, row: { team: 'red' }, action: 'object.read', expected: 'allowed' },
  { name: 'a deny whose condition is unknown denies nothing', rules: [allow(), deny({ when: RED })], caller: ACME, action: 'object.read', expected: 'allowed' },
  { name: 'and lets nothing in by itself', rules: [deny({ when: RED })], caller: ACME, action: 'object.read', expected: 'forbidden' },
  { name: 'a deny whose condition holds, of listing too', rules: [allow(), deny({ when: RED })], caller: ACME, row: { team: 'red' }, action: 'object.read', expected: 'absent' },
  { name: 'a deny over the caller, who has no sub', rules: [allow(), deny({ when: OWN })], caller: ACME, action: 'object.read', expected: 'allowed' },
  { name: 'a small object written', rules: [allow({ when: SMALL })], caller: ACME, action: 'object.write', expected: 'allowed' },
  { name: 'a large one', rules: [allow({ when: SMALL })], caller: ACME, row: { size: 101 }, action: 'object.write', expected: 'forbidden' },
  { name: 'a missing key that may be listed', rules: [allow()], caller: ACME, row: null, action: 'object.read', expected: 'absent' },
  { name: 'a missing key that may not be listed', rules: [allow({ actions: ['object.read'] })], caller: ACME, row: null, action: 'object.read', expected: 'forbidden' },
  { name: 'a missing key in a bucket of others', rules: [OWNER], caller: RIVAL, row: null, action: 'object.read', expected: 'forbidden' },
  {
    name: 'a refused row looks absent where rows decide and the key may be listed',
    rules: [allow({ actions: ['object.list'], when: { k: 'not', a: { k: 'istest', op: 'IS_TRUE', a: RED } } }), allow({ actions: ['object.read'], when: SMALL })],
    caller: ACME,
    row: { size: 101 },
    action: 'object.read',
    expected: 'absent',
  },
  { name: 'deleting what may be read but not deleted', rules: [allow({ actions: ['object.read'] }), allow({ actions: ['object.delete'], when: OWN })], caller: user('u2'), action: 'object.delete', expected: 'forbidden' },
  { name: 'deleting what may not be read', rules: [READ_OWN, allow({ actions: ['object.delete'], when: OWN })], caller: user('u2'), action: 'object.delete', expected: 'absent' },
  { name: 'deleting without any right', rules: [READ_OWN], caller: user('u1'), action: 'object.delete', expected: 'forbidden' },
  { name: 'deleting without any right what is not there', rules: [READ_OWN], caller: user('u1'), row: null, action: 'object.delete', expected: 'forbidden' },
  { name: 'an account makes its own bucket', rules: [OWNER], caller: ACME, bucket: null, action: 'bucket.create', expected: 'allowed' },
  { name: 'and none for others', rules: [OWNER], caller: RIVAL, bucket: null, action: 'bucket.create', expected: 'forbidden' },
  { name: 'anonymous callers make none', rules: [OWNER], caller: ANONYMOUS, bucket: null, action: 'bucket.create', expected: 'forbidden' },
  { name: 'an account lists its buckets', rules: [OWNER], caller: ACME, bucket: null, action: 'bucket.list', expected: 'allowed' },
  { name: 'and not those of others', rules: [OWNER], caller: RIVAL, bucket: null, action: 'bucket.list', expected: 'forbidden' },
  { name: 'a bucket listed by name', rules: [allow({ bucket: 'photos' })], caller: RIVAL, bucket: null, action: 'bucket.list', expected: 'allowed' },
  { name: 'the owner deletes its bucket', rules: [OWNER], caller: ACME, action: 'bucket.delete', expected: 'allowed' },
  { name: 'nobody else does', rules: [OWNER], caller: RIVAL, action: 'bucket.delete', expected: 'forbidden' },
] // prettier-ignore
