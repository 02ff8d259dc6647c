import { StorageError } from '../../errors/storage-error.ts'
import { DEFAULT_JOIN_RULES } from './join-policy.ts'
import type { JoinRules } from './join-policy.ts'

/** Whether and when an engine joins, as its option says it. */
export type JoinsOption = 'never' | Partial<JoinRules>

/** The rules of an engine that joins, over the defaults; null for one that does not. Throws `InvalidArgument` for what is none. */
export function resolveJoins(option: JoinsOption = 'never'): JoinRules | null {
  if (option === 'never') return null
  for (const [name, value] of Object.entries(option)) {
    if (!Object.hasOwn(DEFAULT_JOIN_RULES, name)) throw invalid(`joins.${name}`, 'is no rule of joins')
    if (!Number.isSafeInteger(value) || value < 2) throw invalid(`joins.${name}`, 'is a whole number, 2 or more')
  }
  return Object.freeze({ ...DEFAULT_JOIN_RULES, ...option })
}

function invalid(argument: string, reason: string): StorageError<'InvalidArgument'> {
  return new StorageError('InvalidArgument', { argument, reason })
}
