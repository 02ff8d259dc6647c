import { compareBytes } from '../model/byte-order.ts'
import { broken, Json, jsonOf, policyFailed, type TextList, type Value } from './evaluate-values.ts'
import type { JsonValue } from './predicate.ts'

type JsonObjectValue = { readonly [name: string]: JsonValue }

/** `value -> step`: a member of an object by name, an element of an array by its place. Null where there is none. */
export function jsonStep(value: Value, step: string | number): Json | null {
  if (value === null) return null
  const found = stepInto(jsonOf(value), step)
  return found === undefined ? null : new Json(found)
}

function stepInto(json: JsonValue, step: string | number): JsonValue | undefined {
  if (typeof step === 'string') return isObject(json) && Object.hasOwn(json, step) ? json[step] : undefined
  // A scalar is stored as an array of one, and Postgres lets that be seen.
  const elements = isArray(json) ? json : isObject(json) ? [] : [json]
  return elements.at(step)
}

/** `->>`'s text of what `->` found: JSON's null is no value, a string is its text, and what has parts is printed. */
export function jsonScalarText(json: Json | null): string | null {
  if (json === null || json.value === null) return null
  return typeof json.value === 'string' ? json.value : jsonText(json.value)
}

/** `value ? name`: whether an object has that member, or an array, or a string alone, that text. */
export function jsonHas(value: Value, name: Value): boolean | null {
  if (value === null || name === null) return null
  if (typeof name !== 'string') throw broken('a member is named by something that is no text')
  const json = jsonOf(value)
  if (isObject(json)) return Object.hasOwn(json, name)
  return isArray(json) ? json.includes(name) : json === name
}

/** The elements of a JSON array as `jsonb_array_elements_text` gives them; none for no value. Throws `PolicyFailed` for what is no array. */
export function jsonElements(value: Value): TextList {
  if (value === null) return []
  const json = jsonOf(value)
  if (!isArray(json)) throw policyFailed('elements are taken of JSON that is no array')
  return json.map((element) => jsonScalarText(new Json(element)))
}

/** JSON as Postgres prints `jsonb`: members by the length of their names, then by bytes; a space behind colons and commas. */
export function jsonText(json: JsonValue): string {
  if (typeof json === 'number') return decimalText(json)
  if (isArray(json)) return `[${json.map(jsonText).join(', ')}]`
  if (!isObject(json)) return JSON.stringify(json)
  const names = Object.keys(json).sort((a, b) => Buffer.byteLength(a) - Buffer.byteLength(b) || compareBytes(a, b))
  return `{${names.map((name) => `${JSON.stringify(name)}: ${jsonText(json[name] ?? null)}`).join(', ')}}`
}

function isObject(json: JsonValue): json is JsonObjectValue {
  return typeof json === 'object' && json !== null && !Array.isArray(json)
}

/** Whether JSON is an array. */
export function isArray(json: JsonValue): json is readonly JsonValue[] {
  return Array.isArray(json)
}

const EXPONENT = /^(-?)(\d)(?:\.(\d+))?e([+-]\d+)$/

/** A number in digits, without an exponent: how `jsonb` prints it. */
function decimalText(value: number): string {
  const text = String(Object.is(value, -0) ? 0 : value)
  const found = EXPONENT.exec(text)
  if (found === null) return text
  const [, sign = '', first = '', rest = '', exponent = '0'] = found
  const digits = first + rest
  const point = 1 + Number(exponent)
  if (point <= 0) return `${sign}0.${'0'.repeat(-point)}${digits}`
  return sign + digits.padEnd(point, '0')
}

/** The least decimal exponent, and the least beyond, that Postgres prints without one. */
const FIXED = { from: -4, below: 15 } as const

/** A float8 as Postgres prints it: the shortest digits that mean it, with an exponent from 1e15 on and below 1e-4. */
export function floatText(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (!Number.isFinite(value)) return value > 0 ? 'Infinity' : '-Infinity'
  if (Object.is(value, -0)) return '-0'
  const [mantissa = '0', exponent = '0'] = value.toExponential().split('e')
  const power = Number(exponent)
  if (power >= FIXED.from && power < FIXED.below) return decimalText(value)
  return `${mantissa}e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`
}
