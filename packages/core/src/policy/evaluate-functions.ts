import { listOf, policyFailed, type TextList, textOf, type Value } from './evaluate-values.ts'
import { pathTokens } from './predicate-row.ts'
import type { PredicateFunction } from './predicate.ts'

/** Functions that take the values of their arguments; `coalesce` looks at them one by one, and the two of operations are folded. */
export type PlainFunction = Exclude<PredicateFunction, 'coalesce' | 'allow_only_operation' | 'allow_any_operation'>

/** What a function gives; an argument that is not there is null. Throws `PolicyFailed` where Postgres raises an error. */
export function callFunction(name: PlainFunction, [first = null, second = null, third = null]: readonly Value[]): Value {
  if (name === 'string_to_array') return first === null ? null : textToList(textOf(first), second === null ? null : textOf(second))
  if (first === null) return null
  const text = textOf(first)
  switch (name) {
    case 'starts_with':
      return second === null ? null : text.startsWith(textOf(second))
    case 'lower':
      return asciiLower(text)
    case 'upper':
      return text.replaceAll(/[a-z]/g, (letter) => letter.toUpperCase())
    case 'split_part':
      return second === null || third === null ? null : splitPart(text, textOf(second), Number(third))
    case 'foldername':
      return text === '' ? null : pathTokens(text).slice(0, -1)
    case 'filename':
      return text === '' ? null : (pathTokens(text).at(-1) ?? null)
    default:
      return text === '' ? null : extensionOf(text)
  }
}

/** Folds case in ASCII only: Unicode's folding differs between databases and their releases. */
export function asciiLower(text: string): string {
  return text.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase())
}

/** What follows the last dot of the whole file name; the file name itself where it has no dot, as Supabase Storage has it. */
function extensionOf(key: string): string {
  const file = key.slice(key.lastIndexOf('/') + 1)
  return file.slice(file.lastIndexOf('.') + 1)
}

/** Counts from 1, from the end where negative; what is not there is empty. */
function splitPart(text: string, delimiter: string, place: number): string {
  if (place === 0) throw policyFailed('the field that split_part is to give is numbered 0')
  const parts = delimiter === '' ? [text] : text.split(delimiter)
  return parts.at(place > 0 ? place - 1 : place) ?? ''
}

/** Without a delimiter, each character is an element. */
function textToList(text: string, delimiter: string | null): TextList {
  if (text === '') return []
  if (delimiter === null) return Array.from(text)
  return delimiter === '' ? [text] : text.split(delimiter)
}

const PREFIX = 'storage.'

/** Whether one of the operations is the request's, as Supabase Storage's helpers compare them: a leading `storage.` counts for nothing. */
export function allowsOperation(expected: Value, operation: string | null): boolean {
  if (expected === null || operation === null || operation === '') return false
  const names = typeof expected === 'string' ? [expected] : listOf(expected)
  return names.some((name) => name !== null && name !== '' && withoutPrefix(name) === withoutPrefix(operation))
}

function withoutPrefix(name: string): string {
  return name.startsWith(PREFIX) ? name.slice(PREFIX.length) : name
}
