import type { Access, Policy, Requirement } from './policy.ts'
import { BUILT_IN_ROLE_SET } from './role-set.ts'
import { unconditional } from './requirement.ts'

/** Lets everybody do everything, anonymous callers included. For tests and private tools; its name is its warning. */
export function allowAll(): Policy {
  return {
    require: (access: Access): Requirement => unconditional(access.policyVersion),
    bypasses: (role) => BUILT_IN_ROLE_SET.bypasses(role),
  }
}
