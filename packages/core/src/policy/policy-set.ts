import { actingAccount } from './caller-context.ts'
import type { Caller } from './caller.ts'
import type { BucketPolicy } from './bucket-policy/bucket-policy.ts'
import { decideBucketPolicy } from './bucket-policy/decide-bucket-policy.ts'
import { applicablePolicies, combineRowPolicies, allOf, type CombinedPolicies, type RowCommand } from './combine-row-policies.ts'
import type { DecisionTrace } from './decision-ground.ts'
import type { Access, Requirement } from './policy.ts'
import { ALWAYS, NEVER, type Predicate } from './predicate.ts'
import { refused, unconditional } from './requirement.ts'
import type { RoleSet } from './role-set.ts'
import { rowConditions } from './row-requirement.ts'
import type { PolicyTable, RowPolicy } from './row-policy.ts'
import { isSystemPrincipal } from './system-principal.ts'

/** What a policy set is made of. */
export interface PolicySetParts {
  readonly roles: RoleSet
  readonly rowPolicies: readonly RowPolicy[]
}

/** What a decision needs beside the set. */
export interface DecisionInput {
  /** Of the bucket that is asked about; null where it has none. */
  readonly bucketPolicy: BucketPolicy | null
  /** Hears of everything that had a say: explanations are made of it. */
  readonly trace?: DecisionTrace
}

/**
 * All that is said about who may do what in a namespace, at one policy version: ownership, public buckets, bucket policies and row-level
 * security, joined in one place. In this order: what a bucket policy denies is refused; what the owner of the bucket, a bucket policy or
 * the bucket's being public allows is allowed; otherwise row-level security decides, for the roles of the bucket's own account; otherwise
 * nothing is allowed. The ceiling of the credential is held against the question before it comes here.
 */
export class PolicySet {
  readonly #parts: PolicySetParts
  readonly #combined = new Map<string, CombinedPolicies>()

  constructor(parts: PolicySetParts) {
    this.#parts = parts
  }

  /** Answers one question. */
  decide(access: Access, input: DecisionInput): Requirement {
    const { caller, policyVersion } = access
    const { trace } = input
    if (isSystemPrincipal(caller.principal)) return unconditional(policyVersion)
    const said = { ...input, roles: this.#parts.roles }
    const byPolicy = bucketPolicySays(access, said)
    if (byPolicy === 'deny' && !isOwnersWay(access)) return refused(policyVersion)
    const owned = ownerCondition(access, actingAccount(caller, this.#parts.roles))
    if (owned !== NEVER) {
      trace?.({ kind: 'owner', account: caller.account ?? '' })
      return owned === ALWAYS ? unconditional(policyVersion) : { ...unconditional(policyVersion), existing: owned }
    }
    if (isPublicRead(access)) {
      trace?.({ kind: 'public-bucket' })
      return unconditional(policyVersion)
    }
    if (byPolicy === 'allow') return { ...unconditional(policyVersion), whenAbsent: mayList(access, said) ? 'absent' : 'forbidden' }
    return this.#rowLevelSecurity(access, trace) ?? refused(policyVersion)
  }

  /** Null where row-level security does not speak of this caller here. */
  #rowLevelSecurity(access: Access, trace?: DecisionTrace): Requirement | null {
    const { action, bucket, caller, policyVersion } = access
    // Of a bucket's policy no row says who may read it, write it, or have it explained.
    if (action === 'bucket.policy.read' || action === 'bucket.policy.write' || action === 'bucket.explain') return null
    const role = rowRole(caller)
    if (role === null || caller.account === null || (bucket !== null && bucket.account !== caller.account)) return null
    const roles = this.#parts.roles.effective(role)
    if (roles.size === 0) return null
    const conditions = rowConditions(access, (table, command) => {
      if (trace !== undefined) this.#tracePolicies({ table, command, role }, trace)
      return this.#policiesOf(table, command, role)
    })
    const ownBuckets = bucket === null && action === 'bucket.list' ? accountIs(caller.account) : ALWAYS
    return { policyVersion, ...conditions, existing: allOf([ownBuckets, conditions.existing]), ...looksOf(access) }
  }

  #policiesOf(table: PolicyTable, command: RowCommand, role: string): CombinedPolicies {
    const name = `${table} ${command} ${role}`
    let combined = this.#combined.get(name)
    if (combined === undefined) {
      combined = combineRowPolicies(this.#parts.rowPolicies, { table, command, roles: this.#parts.roles.effective(role) })
      // Bounded: only roles that there are come this far.
      this.#combined.set(name, combined)
    }
    return combined
  }

  #tracePolicies(query: { readonly table: PolicyTable; readonly command: RowCommand; readonly role: string }, trace: DecisionTrace): void {
    const { table, command, role } = query
    const policies = applicablePolicies(this.#parts.rowPolicies, { table, command, roles: this.#parts.roles.effective(role) })
    trace({ kind: 'row-policies', role, table, command, policies })
  }
}

interface PolicyQuestion extends DecisionInput {
  readonly roles: RoleSet
}

function bucketPolicySays(access: Access, { bucketPolicy, trace, roles }: PolicyQuestion): 'allow' | 'deny' | 'silent' {
  if (bucketPolicy === null) return 'silent'
  const { action, allow, deny } = decideBucketPolicy(bucketPolicy, access, roles)
  if (trace !== undefined) for (const { sid, effect } of [...deny, ...allow]) trace({ kind: 'statement', sid, effect, action })
  if (deny.length > 0) return 'deny'
  return allow.length > 0 && mayBeAllowed(access) ? 'allow' : 'silent'
}

/** Nobody outside the account reads a bucket's policy, or writes it, whatever it says itself. AWS: PutBucketPolicy, GetBucketPolicy, "405 Method Not Allowed". */
function mayBeAllowed({ action, bucket, caller }: Access): boolean {
  if (action !== 'bucket.policy.read' && action !== 'bucket.policy.write') return true
  return caller.principal.kind !== 'anonymous' && bucket !== null && caller.account === bucket.account
}

/** Whoever may list a bucket may know what is not in it. AWS: API_GetObject, "Permissions". */
function mayList(access: Access, { bucketPolicy, roles }: PolicyQuestion): boolean {
  if (access.action !== 'object.read' && access.action !== 'object.write') return true
  const request = { ...access.request, operation: 'ListObjects' as const }
  const listing = { prefix: '', delimiter: null, limit: null }
  const asListing: Access = { ...access, action: 'object.list', request, key: null, versionId: null, overwrite: null, listing }
  return bucketPolicySays(asListing, { bucketPolicy, roles }) === 'allow'
}

/** The owner of a bucket can always read, replace and delete its policy: nobody locks themselves out. AWS: PutBucketPolicy. */
function isOwnersWay({ action, bucket, caller }: Access): boolean {
  const ofPolicy = action === 'bucket.policy.read' || action === 'bucket.policy.write'
  return ofPolicy && bucket !== null && caller.principal.kind === 'account' && caller.account === bucket.account
}

/** What an account may do because the bucket is its own; where no bucket is meant, over the rows of buckets. */
function ownerCondition({ action, bucket }: Access, account: string | null): Predicate {
  if (account === null) return NEVER
  if (bucket !== null) return bucket.account === account ? ALWAYS : NEVER
  return action === 'bucket.list' ? accountIs(account) : action === 'bucket.create' ? ALWAYS : NEVER
}

function accountIs(account: string): Predicate {
  return { k: 'cmp', op: '=', a: { k: 'col', n: 'account' }, b: { k: 'lit', t: 'text', v: account } }
}

/** Objects of a public bucket are everybody's to read, by their keys: not to list, and not what they were before. */
function isPublicRead({ action, bucket, versionId }: Access): boolean {
  return action === 'object.read' && bucket !== null && bucket.public && versionId === null
}

/** The role that row-level security is held against; null for callers that it does not speak of. */
function rowRole({ principal }: Caller): string | null {
  if (principal.kind === 'role') return principal.role
  if (principal.kind !== 'grant') return null
  const { role } = principal.frozen
  return typeof role === 'string' ? role : null
}

/**
 * What row-level security hides is not there. A put that may not replace says so: it has seen nothing. A delete in a bucket that is, or
 * was, versioned would leave a marker on what is not there, so its refusal is one.
 */
function looksOf({ action, bucket }: Access): Pick<Requirement, 'deniedExisting' | 'whenAbsent'> {
  const versioned = bucket !== null && bucket.versioning !== 'off'
  const forbidden = action === 'object.write' || (action === 'object.delete' && versioned)
  return { deniedExisting: forbidden ? 'forbidden' : 'absent', whenAbsent: 'absent' }
}
