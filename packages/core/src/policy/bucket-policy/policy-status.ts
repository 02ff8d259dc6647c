import type { BucketPolicy, PolicyStatement } from './bucket-policy.ts'
import type { ConditionTest, ConditionValue } from './condition.ts'

/** Keys whose fixed values name somebody, or somewhere. AWS: access-control-block-public-access, "The meaning of public". */
const NARROWING: ReadonlySet<string> = new Set([
  'aws:principalarn',
  'aws:principalaccount',
  'aws:sourceip',
  'aws:userid',
  'aws:username',
  'jwt:sub',
])

/**
 * Whether a policy lets in everybody: it allows `*`, and no condition says whom or from where by a value without wildcards or variables.
 * A range of addresses narrows from /8 on (of IPv6 from /32). AWS: access-control-block-public-access.
 */
export function isPublicPolicy({ statements }: BucketPolicy): boolean {
  return statements.some(isPublicStatement)
}

function isPublicStatement({ effect, principals, conditions }: PolicyStatement): boolean {
  return effect === 'Allow' && principals.includes('everybody') && !conditions.some(narrows)
}

function narrows({ operator, key, values }: ConditionTest): boolean {
  if (!NARROWING.has(key) || operator.negated || operator.ifExists || operator.kind === 'null') return false
  return values.every(isFixed)
}

function isFixed(value: ConditionValue): boolean {
  if (value.kind === 'address') return value.range.bits >= (value.range.family === 4 ? 8 : 32)
  if (value.kind !== 'string' && value.kind !== 'pattern') return false
  return value.pattern.steps.every((step) => typeof step === 'object' && 'text' in step)
}
