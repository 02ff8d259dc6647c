import { ALWAYS } from '../policy/predicate.ts'
import type { Predicate } from '../policy/predicate.ts'
import type { Caller, GrantPrincipal, Scope } from '../policy/caller.ts'
import type { BucketAddress } from '../model/bucket.ts'
import { containsRange, readIpAddress, readIpRange } from '../policy/ip-range.ts'
import type { Action, OperationName } from '../policy/operation.ts'
import type { RequestFacts } from '../policy/policy.ts'
import { DEFAULT_JURISDICTION } from './resolve-bucket.ts'
import type { Question } from './authorise.ts'

/** Whether the ceiling of the credential, or the one operation of a grant, lets this question through to the policy. */
export function isWithinScope(caller: Caller, question: Question, asked: RequestFacts): boolean {
  if (caller.principal.kind === 'grant' && !isGranted(caller.principal, question, asked.operation)) return false
  const { scope } = caller
  if (scope === null) return true
  // Asked this way round, a time that is none refuses.
  if (scope.notAfter !== undefined && !(asked.at <= scope.notAfter)) return false
  if (scope.sourceCidrs !== undefined && !isSourceInScope(scope.sourceCidrs, asked.facts.get('sourceIp'))) return false
  if (scope.operations !== undefined && !scope.operations.has(asked.operation)) return false
  if (question.address !== null && !isBucketInScope(scope, question.address)) return false
  if (scope.prefixes === undefined && scope.objects === undefined) return true
  if (question.key !== null) return isKeyInScope(scope, question.key)
  // A credential for some keys may look at their bucket, and list it through `keysInScope`; it may do nothing else to it.
  return LOOKS.has(question.action)
}

const LOOKS: ReadonlySet<Action> = new Set(['bucket.read', 'bucket.list', 'object.list'])

/** Whether a scope lets this bucket through. */
export function isBucketInScope(scope: Scope, address: BucketAddress): boolean {
  const jurisdiction = address.jurisdiction ?? DEFAULT_JURISDICTION
  return scope.buckets?.some((bucket) => bucket.name === address.name && bucket.jurisdiction === jurisdiction) ?? true
}

function isSourceInScope(cidrs: readonly string[], sourceIp: string | number | boolean | undefined): boolean {
  const address = typeof sourceIp === 'string' ? readIpAddress(sourceIp) : null
  if (address === null) return false
  return cidrs.some((cidr) => {
    const range = readIpRange(cidr)
    return range !== null && containsRange(range, address)
  })
}

function isKeyInScope(scope: Scope, key: string): boolean {
  return scope.objects?.includes(key) === true || scope.prefixes?.some((prefix) => key.startsWith(prefix)) === true
}

function isGranted(grant: GrantPrincipal, question: Question, operation: OperationName): boolean {
  return (
    grant.operation === operation &&
    question.key === grant.key &&
    (question.versionId ?? null) === grant.versionId &&
    question.address?.name === grant.bucket.name &&
    (question.address.jurisdiction ?? DEFAULT_JURISDICTION) === grant.bucket.jurisdiction
  )
}

/** The keys that a scope lets through, as a condition over rows: what a listing shows to such a credential. */
export function keysInScope(scope: Scope | null): Predicate {
  if (scope === null || (scope.prefixes === undefined && scope.objects === undefined)) return ALWAYS
  const name: Predicate = { k: 'col', n: 'name' }
  const prefixes = (scope.prefixes ?? []).map((prefix): Predicate => ({ k: 'call', f: 'starts_with', a: [name, text(prefix)] }))
  const objects: readonly Predicate[] = scope.objects === undefined ? [] : [{ k: 'in', neg: false, a: name, l: scope.objects.map(text) }]
  const [only, ...more] = [...prefixes, ...objects]
  // One alone is found by the index of keys.
  return only !== undefined && more.length === 0 ? only : { k: 'or', a: [...prefixes, ...objects] }
}

/** The buckets that a scope lets through, as a condition over their rows. Rows do not tell jurisdictions: ask `isBucketInScope` too. */
export function bucketsInScope(scope: Scope | null): Predicate {
  if (scope?.buckets === undefined) return ALWAYS
  return { k: 'in', neg: false, a: { k: 'col', n: 'bucket_id' }, l: scope.buckets.map((bucket) => text(bucket.name)) }
}

function text(value: string): Predicate {
  return { k: 'lit', t: 'text', v: value }
}
