import { StorageError } from '../errors/storage-error.ts'
import type { Action } from './operation.ts'
import { parsePredicate } from './predicate-parse.ts'
import { ALWAYS, type Predicate } from './predicate.ts'
import type { Rule, Who } from './rule.ts'
import { isStorableText } from './storable-json.ts'

/** How many rules a list may have. */
const RULES_MAX = 1000

/** Every action that a rule may name. */
export const ACTIONS: readonly Action[] = [
  'bucket.create',
  'bucket.read',
  'bucket.list',
  'bucket.update',
  'bucket.delete',
  'bucket.policy.read',
  'bucket.policy.write',
  'bucket.explain',
  'object.read',
  'object.list',
  'object.write',
  'object.delete',
]

/** A rule that was checked, ready to be asked. */
export interface CheckedRule {
  readonly effect: 'allow' | 'deny'
  readonly who: Who
  readonly actions: ReadonlySet<Action>
  readonly bucket: string | null
  readonly keyPrefix: string | null
  readonly when: Predicate
}

const FIELDS = ['effect', 'who', 'actions', 'bucket', 'keyPrefix', 'when', 'description']

/**
 * Checks a list of rules from whoever wrote it, and copies it. Rejects with `InvalidArgument` whatever it does not know,
 * with the place: a rule that is not understood is never left out.
 */
export function parseRules(rules: readonly Rule[]): readonly CheckedRule[] {
  if (!Array.isArray(rules)) throw invalid('rules', 'is not a list')
  if (rules.length > RULES_MAX) throw invalid('rules', `has more than ${RULES_MAX} rules`)
  return rules.map((rule: unknown, at) => parseRule(rule, `rules[${at}]`))
}

function parseRule(value: unknown, place: string): CheckedRule {
  const fields = objectFields(value, place)
  for (const name of Object.keys(fields)) if (!FIELDS.includes(name)) throw invalid(`${place}.${name}`, 'is not a field of a rule')
  const { effect } = fields
  if (effect !== 'allow' && effect !== 'deny') throw invalid(`${place}.effect`, "is neither 'allow' nor 'deny'")
  optionalText(fields['description'], `${place}.description`)
  const keyPrefix = optionalText(fields['keyPrefix'], `${place}.keyPrefix`)
  return Object.freeze({
    effect,
    who: parseWho(fields['who'], `${place}.who`),
    actions: parseActions(fields['actions'], keyPrefix !== null, `${place}.actions`),
    bucket: optionalText(fields['bucket'], `${place}.bucket`),
    keyPrefix,
    when: fields['when'] === undefined ? ALWAYS : structuredClone(parsePredicate(fields['when'], `${place}.when`)),
  })
}

function parseWho(value: unknown, place: string): Who {
  if (value === 'anyone') return value
  const fields = objectFields(value, place)
  const names = Object.keys(fields)
  const [name] = names
  if (name === undefined || names.length !== 1) throw invalid(place, "is neither 'anyone' nor an object with one field")
  const said = fields[name]
  switch (name) {
    case 'anonymous':
    case 'owner':
      if (said !== true) throw invalid(`${place}.${name}`, 'must be true')
      return name === 'owner' ? { owner: true } : { anonymous: true }
    case 'account':
      return { account: requiredText(said, `${place}.account`) }
    case 'role':
      return { role: requiredText(said, `${place}.role`) }
    case 'sub':
      return { sub: requiredText(said, `${place}.sub`) }
    default:
      throw invalid(`${place}.${name}`, 'is not a kind of caller')
  }
}

function parseActions(value: unknown, onKeys: boolean, place: string): ReadonlySet<Action> {
  if (value === 'all') return new Set(onKeys ? ACTIONS.filter((action) => action.startsWith('object.')) : ACTIONS)
  if (!Array.isArray(value) || value.length === 0) throw invalid(place, "is neither 'all' nor a list of actions")
  return new Set(
    value.map((name: unknown, at) => {
      const action = ACTIONS.find((known) => known === name)
      if (action === undefined) throw invalid(`${place}[${at}]`, `is none of ${ACTIONS.join(', ')}`)
      if (onKeys && action.startsWith('bucket.')) throw invalid(`${place}[${at}]`, 'is about buckets, which a keyPrefix does not reach')
      return action
    }),
  )
}

function objectFields(value: unknown, place: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalid(place, 'is not an object')
  return value as Readonly<Record<string, unknown>>
}

function requiredText(value: unknown, place: string): string {
  const text = optionalText(value, place)
  if (text === null || text === '') throw invalid(place, 'is empty')
  return text
}

function optionalText(value: unknown, place: string): string | null {
  if (value === undefined) return null
  if (typeof value !== 'string' || !isStorableText(value)) throw invalid(place, 'is not a text')
  return value
}

function invalid(argument: string, reason: string): StorageError<'InvalidArgument'> {
  return new StorageError('InvalidArgument', { argument, reason })
}
