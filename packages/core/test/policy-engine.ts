import type { Caller } from '../src/policy/caller.ts'
import type { Predicate } from '../src/policy/predicate.ts'
import type { RowPolicy } from '../src/policy/row-policy.ts'
import { type StoredPolicies, storedPolicies } from '../src/access/stored-policies.ts'
import { openTestEngine, type TestEngine, type TestEngineOptions } from './engine-matrix.ts'
import type { TestedStore } from './stores.ts'

/** An engine of a test that decides by what its store keeps. */
export interface PolicyEngine extends TestEngine {
  readonly policies: StoredPolicies
}

/** Opens an engine on an empty store, with stored policies, and makes a bucket. */
export async function openPolicyEngine(store: TestedStore, options: Omit<TestEngineOptions, 'policy'> = {}): Promise<PolicyEngine> {
  let policies: StoredPolicies | undefined
  const present = (): StoredPolicies => {
    if (policies === undefined) throw new Error('asked before the store was there')
    return policies
  }
  const opened = await openTestEngine(store, {
    ...options,
    wrapStore: (metadata) => {
      const wrapped = options.wrapStore?.(metadata) ?? metadata
      policies = storedPolicies({ metadata: wrapped })
      return wrapped
    },
    policy: {
      keepsBucketPolicies: true,
      require: (access) => present().require(access),
      bypasses: (role) => present().bypasses?.(role) === true,
      explain: (access, trace) => present().explain(access, trace),
    },
  })
  return { ...opened, policies: present() }
}

/** A user of the account `owner`, or of another one. */
export function userOf(sub: string, { role = 'authenticated', account = 'owner', claims = {} } = {}): Caller {
  return {
    principal: { kind: 'role', role, sub, claims: { sub, role, ...claims }, bypassRls: false },
    account,
    scope: null,
    credentialId: null,
  }
}

/** The rows that the caller owns. */
export const OWN_ROWS: Predicate = { k: 'cmp', op: '=', a: { k: 'col', n: 'owner_id' }, b: { k: 'ctx', f: 'sub' } }
/** The keys whose first folder is the caller. */
export const OWN_FOLDER: Predicate = {
  k: 'cmp',
  op: '=',
  a: { k: 'idx', a: { k: 'call', f: 'foldername', a: [{ k: 'col', n: 'name' }] }, i: 1 },
  b: { k: 'ctx', f: 'sub' },
}

/** A policy on objects, for everything and for signed-in users. */
export function policyOf(fields: Partial<RowPolicy>): RowPolicy {
  const both = fields.using === undefined && fields.check === undefined ? { using: OWN_FOLDER } : {}
  return { name: 'p', table: 'objects', mode: 'permissive', command: 'all', roles: ['authenticated'], ...both, ...fields }
}
