import { actingAccount, type BypassingRoles } from '../caller-context.ts'
import type { Access } from '../policy.ts'
import type { BucketPolicy, PolicyResource, PolicyStatement } from './bucket-policy.ts'
import { testCondition, type RequestValueOf } from './condition.ts'
import { requestValues } from './condition-keys.ts'
import { isPrincipal } from './principal-arn.ts'
import { matchesPattern } from './wildcard.ts'
import { s3ActionOf, S3_ACTIONS } from './s3-actions.ts'

/** What the statements of a bucket policy say of one question. */
export interface BucketPolicyDecision {
  /** AWS's name of what was asked. */
  readonly action: string
  readonly allow: readonly PolicyStatement[]
  readonly deny: readonly PolicyStatement[]
}

/**
 * Finds the statements that speak of this. Every fact that they may name is one of the request, so that the answer needs no row: a listing
 * is allowed or refused whole, never filtered. A variable without a value: an Allow does not speak, a Deny does.
 */
export function decideBucketPolicy({ statements }: BucketPolicy, access: Access, roles: BypassingRoles): BucketPolicyDecision {
  const action = s3ActionOf(access)
  const valueOf = requestValues(access)
  const acting = actingAccount(access.caller, roles)
  const speaking = statements.filter((statement) => speaks(statement, { access, action, valueOf, acting }))
  return {
    action,
    allow: speaking.filter(({ effect }) => effect === 'Allow'),
    deny: speaking.filter(({ effect }) => effect === 'Deny'),
  }
}

interface Asked {
  readonly access: Access
  readonly action: string
  readonly valueOf: RequestValueOf
  /** The account that the caller acts as; null for its users, and for nobody known. */
  readonly acting: string | null
}

function speaks(statement: PolicyStatement, asked: Asked): boolean {
  if (!statement.actions.has(asked.action)) return false
  if (
    !statement.principals.some((principal) =>
      isPrincipal(principal, { caller: asked.access.caller, acting: asked.acting }, statement.effect),
    )
  )
    return false
  const doubt = statement.effect === 'Deny'
  if (!(isResource(statement, asked) ?? doubt)) return false
  return statement.conditions.every((condition) => testCondition(condition, asked.valueOf) ?? doubt)
}

/** Null where it hangs on a variable that has no value. */
function isResource({ resources, otherResources }: PolicyStatement, asked: Asked): boolean | null {
  let unresolved = false
  for (const resource of resources) {
    const matched = matchesResource(resource, asked)
    if (matched === true) return !otherResources
    if (matched === null) unresolved = true
  }
  return unresolved ? null : otherResources
}

/** `b/*` does not cover the bucket itself, nor the bucket its objects. */
function matchesResource(resource: PolicyResource, { access, action, valueOf }: Asked): boolean | null {
  const ofObject = S3_ACTIONS.get(action) === 'object'
  if (resource === 'bucket') return !ofObject
  if (!ofObject || access.key === null) return false
  return matchesPattern(resource.key, access.key, (name) => valueOf(name.toLowerCase()) ?? null)
}
