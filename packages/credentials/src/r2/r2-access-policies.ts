import type { OperationName, Scope } from '@stowage/core'
import { isJsonObject } from '../read-json-object.ts'
import { R2_PERMISSION_GROUPS, r2PermissionScope } from './r2-permissions.ts'

const BUCKET_PREFIX = 'com.cloudflare.edge.r2.bucket.'
const ACCOUNT_PREFIX = 'com.cloudflare.api.account.'
const JURISDICTIONS: ReadonlySet<string> = new Set(['default', 'eu', 'fedramp'])
const POLICIES_MAX = 100
const RESOURCES_MAX = 1000

type Bucket = NonNullable<Scope['buckets']>[number]
/** What one policy allows: these operations in these buckets; null for every one. */
interface Allowed {
  readonly operations: ReadonlySet<OperationName>
  readonly buckets: readonly Bucket[] | null
}

/**
 * Reads the access policies of an R2 API token as the scope of its S3 credential.
 *
 * Throws a `TypeError` that says what is wrong for anything that is not wholly understood: another effect, group, resource or field,
 * another account; and for several policies that together are no one ceiling (writing here and reading there): they need a token each.
 */
export function parseR2AccessPolicies(policies: unknown, accountId: string): Scope {
  if (!Array.isArray(policies) || policies.length === 0) throw new TypeError('access policies must be a list of at least one')
  if (policies.length > POLICIES_MAX) throw new TypeError(`there are more than ${POLICIES_MAX} access policies`)
  const allowed = merge(policies.flatMap((policy) => parsePolicy(policy, accountId)))
  const [only, ...others] = allowed
  if (only === undefined || others.length > 0) {
    throw new TypeError('the access policies allow different things in different buckets, which one token cannot: make one for each')
  }
  return { operations: only.operations, ...(only.buckets === null ? {} : { buckets: only.buckets }) }
}

function parsePolicy(policy: unknown, accountId: string): readonly Allowed[] {
  if (!isJsonObject(policy)) throw new TypeError('an access policy must be an object')
  checkFields(policy, ['id', 'effect', 'resources', 'permission_groups'], 'an access policy')
  const { effect, resources, permission_groups: groups } = policy
  if (effect !== 'allow') throw new TypeError(`the effect of an access policy must be "allow"`)
  if (!isJsonObject(resources) || Object.keys(resources).length === 0) throw new TypeError('an access policy must name resources')
  if (!Array.isArray(groups) || groups.length === 0) throw new TypeError('an access policy must name permission groups')
  const found = Object.entries(resources)
  if (found.length > RESOURCES_MAX) throw new TypeError(`an access policy names more than ${RESOURCES_MAX} resources`)
  const places = found.map(([name, value]) => parseResource(name, value, accountId))
  return groups.flatMap((group) => groupAllows(group, places))
}

/** Null for a whole account, `'buckets'` for all of its buckets, otherwise one bucket. */
type Place = Bucket | 'account' | 'buckets'

function groupAllows(group: unknown, places: readonly Place[]): readonly Allowed[] {
  if (!isJsonObject(group)) throw new TypeError('a permission group must be an object')
  checkFields(group, ['id', 'name', 'meta'], 'a permission group')
  const { name } = group
  const known = typeof name === 'string' ? R2_PERMISSION_GROUPS.get(name) : undefined
  if (known === undefined) throw new TypeError(`there is no permission group ${JSON.stringify(name)} for R2`)
  const { operations = new Set() } = r2PermissionScope(known.permission)
  return places.map((place) => {
    if ((place === 'account') !== (known.level === 'account')) {
      throw new TypeError(`the permission group ${JSON.stringify(name)} is for ${known.level === 'account' ? 'an account' : 'buckets'}`)
    }
    return { operations, buckets: typeof place === 'string' ? null : [place] }
  })
}

function parseResource(name: string, value: unknown, accountId: string): Place {
  if (name === `${ACCOUNT_PREFIX}${accountId}`) {
    if (value === '*') return 'account'
    if (isJsonObject(value) && Object.keys(value).length === 1 && value[`${BUCKET_PREFIX}*`] === '*') return 'buckets'
  }
  if (name.startsWith(BUCKET_PREFIX) && value === '*') {
    // Names of buckets and jurisdictions have no underscore; ids of accounts are taken as they are.
    const rest = name.slice(BUCKET_PREFIX.length)
    const [jurisdiction = '', bucket = '', ...more] = rest.startsWith(`${accountId}_`) ? rest.slice(accountId.length + 1).split('_') : []
    if (JURISDICTIONS.has(jurisdiction) && bucket !== '' && bucket !== '*' && more.length === 0) return { jurisdiction, name: bucket }
  }
  throw new TypeError(`the resource ${JSON.stringify(name)} is not one of this account for R2`)
}

/** Puts together what is one ceiling: the same operations in more buckets, or more operations in the same buckets. */
function merge(allowed: readonly Allowed[]): readonly Allowed[] {
  const byOperations = combine(allowed, ({ operations }) => [...operations].sort().join())
  const merged = combine(byOperations, ({ buckets }) => (buckets === null ? '*' : buckets.map(nameOf).sort().join()))
  // What another one allows anyway adds nothing.
  return merged.filter((each) => !merged.some((other) => other !== each && covers(other, each)))
}

function combine(allowed: readonly Allowed[], keyOf: (each: Allowed) => string): readonly Allowed[] {
  const byKey = new Map<string, Allowed>()
  for (const each of allowed) {
    const key = keyOf(each)
    const former = byKey.get(key)
    byKey.set(key, former === undefined ? each : union(former, each))
  }
  return [...byKey.values()]
}

function union(a: Allowed, b: Allowed): Allowed {
  const operations = new Set([...a.operations, ...b.operations])
  if (a.buckets === null || b.buckets === null) return { operations, buckets: null }
  return { operations, buckets: [...new Map([...a.buckets, ...b.buckets].map((bucket) => [nameOf(bucket), bucket])).values()] }
}

function covers(outer: Allowed, inner: Allowed): boolean {
  if (![...inner.operations].every((name) => outer.operations.has(name))) return false
  if (outer.buckets === null) return true
  const names = new Set(outer.buckets.map(nameOf))
  return inner.buckets !== null && inner.buckets.every((bucket) => names.has(nameOf(bucket)))
}

function nameOf({ jurisdiction, name }: Bucket): string {
  return `${jurisdiction}/${name}`
}

function checkFields(value: object, known: readonly string[], what: string): void {
  const unknown = Object.keys(value).find((name) => !known.includes(name))
  if (unknown !== undefined) throw new TypeError(`${what} has a field ${JSON.stringify(unknown)}, which is not known`)
}
