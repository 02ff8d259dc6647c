import { assert } from '../../util/assert.ts'
import type { SqlValue } from './sql-driver.ts'
import { textOrNull } from './column.ts'

type TextMap = Readonly<Record<string, string>>

const EMPTY: TextMap = Object.freeze({})

/** Names and texts as a JSON column keeps them; NULL where there are none. */
export function encodeTextMap(map: TextMap): string | null {
  // A loop and not Object.keys: nearly every object has none.
  for (const name in map) if (Object.hasOwn(map, name)) return JSON.stringify(map)
  return null
}

/** Reads what `encodeTextMap` wrote. */
export function decodeTextMap(value: SqlValue | undefined): TextMap {
  const text = textOrNull(value)
  return text === null ? EMPTY : checkedMap(parseJson(text))
}

/** Reads a column that holds JSON. What comes back has been checked by nobody: only for what this store wrote itself. */
export function parseJson(text: string): unknown {
  return JSON.parse(text)
}

function checkedMap(value: unknown): TextMap {
  assert(typeof value === 'object' && value !== null && !Array.isArray(value), 'the JSON column holds no object')
  for (const text of Object.values(value)) assert(typeof text === 'string', 'a value in the JSON column is no text')
  return value as TextMap
}
