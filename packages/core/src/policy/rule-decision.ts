import { actingAccount, callerContext } from './caller-context.ts'
import { BUILT_IN_ROLE_SET } from './role-set.ts'
import { foldPredicate } from './fold-predicate.ts'
import type { Action } from './operation.ts'
import type { Access } from './policy.ts'
import { pathTokens } from './predicate-row.ts'
import { withParts } from './predicate-type.ts'
import { ALWAYS, NEVER, type Predicate } from './predicate.ts'
import type { CheckedRule } from './rule-parse.ts'

/** What the rules say of an action, for this caller at this place: a condition over the row, folded as far as it goes. */
export function decideRules(rules: readonly CheckedRule[], access: Access, action: Action): Predicate {
  const context = callerContext(access.caller, access.request)
  const allows: Predicate[] = []
  const denies: Predicate[] = []
  for (const rule of rules) {
    if (!rule.actions.has(action)) continue
    const applies = ruleCondition(rule, access, action)
    if (applies === NEVER) continue
    if (rule.effect === 'allow') allows.push(applies)
    // Not `not`: of an unknown that is unknown again, and would refuse, or let through, by accident.
    else denies.push({ k: 'istest', op: 'IS_NOT_TRUE', a: applies })
  }
  if (allows.length === 0) return NEVER
  const decision = foldPredicate({ k: 'and', a: [...denies, { k: 'or', a: allows }] }, context)
  return decision.k === 'lit' && decision !== ALWAYS ? NEVER : decision
}

/** When a rule applies: as much of it as the place decides, is decided. */
function ruleCondition(rule: CheckedRule, access: Access, action: Action): Predicate {
  const parts = [
    whoCondition(rule, access),
    rule.bucket === null ? ALWAYS : bucketCondition(rule.bucket, access),
    rule.keyPrefix === null ? ALWAYS : prefixCondition(rule.keyPrefix, access),
  ]
  if (parts.includes(NEVER)) return NEVER
  if (rule.when !== ALWAYS) parts.push(knownPlace(rule.when, access, action))
  const open = parts.filter((part) => part !== ALWAYS)
  const [first] = open
  return first === undefined ? ALWAYS : open.length === 1 ? first : { k: 'and', a: open }
}

function whoCondition({ who }: CheckedRule, { caller, request, bucket }: Access): Predicate {
  if (who === 'anyone') return ALWAYS
  if ('anonymous' in who) return constant(caller.principal.kind === 'anonymous')
  const account = actingAccount(caller, BUILT_IN_ROLE_SET)
  if ('account' in who) return constant(account === who.account)
  if ('owner' in who) {
    if (account === null) return NEVER
    return bucket === null ? equals('account', account) : constant(bucket.account === account)
  }
  const { sub, role } = callerContext(caller, request)
  return constant('role' in who ? role === who.role : sub === who.sub)
}

function bucketCondition(name: string, { bucket }: Access): Predicate {
  return bucket === null ? equals('bucket_id', name) : constant(bucket.name === name)
}

function prefixCondition(prefix: string, { key }: Access): Predicate {
  if (key !== null) return constant(key.startsWith(prefix))
  return { k: 'call', f: 'starts_with', a: [{ k: 'col', n: 'name' }, text(prefix)] }
}

/** Puts the bucket's name, and the key where there is one, in the place of the columns that say the same. */
function knownPlace(node: Predicate, access: Access, action: Action): Predicate {
  if (node.k === 'col') return knownColumn(node, access, action)
  if (node.k === 'idx' && node.a.k === 'col' && access.key !== null) return text(pathTokens(access.key)[node.i - 1] ?? null)
  return withParts(node, (part) => knownPlace(part, access, action))
}

function knownColumn(column: Extract<Predicate, { readonly k: 'col' }>, { key, bucket }: Access, action: Action): Predicate {
  if (column.n === 'bucket_id' && bucket !== null) return text(bucket.name)
  if (column.n === 'name' && key !== null && action.startsWith('object.')) return text(key)
  return column
}

function equals(n: 'account' | 'bucket_id', value: string): Predicate {
  return { k: 'cmp', op: '=', a: { k: 'col', n }, b: text(value) }
}

function text(v: string | null): Predicate {
  return { k: 'lit', t: 'text', v }
}

function constant(value: boolean): Predicate {
  return value ? ALWAYS : NEVER
}
