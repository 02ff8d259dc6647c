import { isStorageError } from '../errors/storage-error.ts'
import { evaluatePredicate } from './evaluate-predicate.ts'
import type { Access, Policy, Requirement } from './policy.ts'
import { pathTokens, type PolicyRow } from './predicate-row.ts'
import { ALWAYS, NEVER, type Predicate } from './predicate.ts'
import { refused, unconditional } from './requirement.ts'
import { BUILT_IN_ROLE_SET } from './role-set.ts'
import { decideRules } from './rule-decision.ts'
import { parseRules } from './rule-parse.ts'
import type { Rule } from './rule.ts'
import { isSystemPrincipal } from './system-principal.ts'

/** A policy made of a list of rules. */
export interface RulePolicy extends Policy {
  require(access: Access): Requirement
  /**
   * Puts another list in the place of the present one. Rejects with `InvalidArgument`, and changes nothing, where it is
   * not one. Call `engine.policyChanged()` afterwards: commits under way are then held against the new rules.
   */
  replace(rules: readonly Rule[]): void
}

/**
 * The everyday policy: what no rule allows is refused, and a deny beats every allow. Absence looks as on AWS: who may not
 * list a key cannot tell whether it is there. Rejects with `InvalidArgument` what it does not understand, with the place.
 */
export function rules(initial: readonly Rule[]): RulePolicy {
  let checked = parseRules(initial)
  return {
    require: (access) => {
      if (isSystemPrincipal(access.caller.principal)) return unconditional(access.policyVersion)
      return requirementOf(access, (action) => decideRules(checked, access, action))
    },
    bypasses: (role) => BUILT_IN_ROLE_SET.bypasses(role),
    replace: (next) => {
      checked = parseRules(next)
    },
  }
}

type Decide = (action: Access['action']) => Predicate

function requirementOf(access: Access, decide: Decide): Requirement {
  const allowed = decide(access.action)
  if (allowed === NEVER) return refused(access.policyVersion)
  const open = unconditional(access.policyVersion)
  switch (access.action) {
    case 'bucket.create':
      return { ...open, proposed: allowed, finalCreated: allowed, finalReplaced: allowed }
    case 'object.write':
      return {
        ...open,
        existing: allowed,
        proposed: allowed,
        finalCreated: allowed,
        finalReplaced: allowed,
        whenAbsent: looksOf(access, decide).whenAbsent,
      }
    case 'object.read':
      return { ...open, ...looksOf(access, decide), existing: allowed }
    case 'object.delete':
      return { ...open, existing: allowed, proposed: allowed, deniedExisting: deniedDelete(access, decide) }
    default:
      return { ...open, existing: allowed }
  }
}

/** What may not be seen is deleted like what is not there; but in a versioned bucket that would leave a marker, so it is refused. */
function deniedDelete({ bucket }: Access, decide: Decide): Requirement['deniedExisting'] {
  const versioned = bucket !== null && bucket.versioning !== 'off'
  return versioned || decide('object.read') === ALWAYS ? 'forbidden' : 'absent'
}

/**
 * How refusal and absence look: never different to a caller that could learn from the difference. Who may list every key
 * here knows what is there; where it depends on the row, a refused row looks like the key without one.
 */
function looksOf(access: Access, decide: Decide): Pick<Requirement, 'deniedExisting' | 'whenAbsent'> {
  const listed = decide('object.list')
  if (listed === ALWAYS) return { deniedExisting: 'forbidden', whenAbsent: 'absent' }
  if (listed === NEVER || access.key === null || access.bucket === null) return { deniedExisting: 'forbidden', whenAbsent: 'forbidden' }
  const { name, account, public: open } = access.bucket
  const bare = { bucket_id: name, name: access.key, path_tokens: pathTokens(access.key), account, public: open }
  const look = isListed(listed, bare) ? 'absent' : 'forbidden'
  return { deniedExisting: look, whenAbsent: look }
}

/** Who may list fails no read: its rule is not about reading. */
function isListed(listed: Predicate, bare: PolicyRow): boolean {
  try {
    return evaluatePredicate(listed, bare) === true
  } catch (error) {
    if (isStorageError(error) && error.code === 'PolicyFailed') return false
    throw error
  }
}
