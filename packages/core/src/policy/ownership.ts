import { type RulePolicy, rules } from './rules.ts'

/**
 * The account that a bucket belongs to may do everything in it; an account may make buckets of its own and list them.
 * Nobody else may do anything, the users of an account and anonymous callers included.
 */
export function ownersOnly(): RulePolicy {
  return rules([{ effect: 'allow', who: { owner: true }, actions: 'all', description: 'an account does as it likes with what it owns' }])
}
