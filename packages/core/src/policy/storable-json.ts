import type { JsonValue } from './predicate.ts'

// Under the flag `u` a whole pair is one character, so that only a half is in the class.
const UNSTORABLE = /[\0\ud800-\udfff]/u

/** Whether both databases can hold the text: Postgres knows no NUL, and half a surrogate pair has no UTF-8. */
export function isStorableText(text: string): boolean {
  return !UNSTORABLE.test(text)
}

/** How deep JSON in a predicate, or in claims, may nest. */
const JSON_DEPTH_MAX = 64

/** Whether a value is JSON that both databases can hold, nested no deeper than `JSON_DEPTH_MAX`. */
export function isStorableJson(value: unknown, depth: number = 1): value is JsonValue {
  if (value === null || typeof value === 'boolean') return true
  if (typeof value === 'string') return isStorableText(value)
  if (typeof value === 'number') return Number.isFinite(value)
  if (typeof value !== 'object' || depth > JSON_DEPTH_MAX) return false
  if (Array.isArray(value)) return value.every((element) => isStorableJson(element, depth + 1))
  return Object.entries(value).every(([name, member]) => isStorableText(name) && isStorableJson(member, depth + 1))
}

/** How many values a JSON value is made of. */
export function countJson(value: JsonValue): number {
  if (typeof value !== 'object' || value === null) return 1
  return Object.values(value).reduce((sum: number, member: JsonValue) => sum + countJson(member), 1)
}
