import { floatText, jsonText } from './evaluate-json.ts'
import { broken, jsonOf, policyFailed, textOf, type Value } from './evaluate-values.ts'
import { parseTimestamp } from './predicate-timestamp.ts'
import type { ExpressionType } from './predicate-type.ts'
import type { CastType } from './predicate.ts'

/**
 * What may be cast to what. As in Postgres, less what it casts by the settings of a session (a text that is no constant to `timestamptz`,
 * and back) or by another rule from release to release (`jsonb` to anything but text).
 */
export const CASTS: Readonly<Record<ExpressionType, readonly CastType[]>> = {
  bool: ['bool', 'text', 'int'],
  text: ['bool', 'text', 'int', 'bigint', 'num', 'uuid', 'timestamptz'],
  int: ['bool', 'text', 'int', 'bigint', 'num'],
  bigint: ['text', 'int', 'bigint', 'num'],
  num: ['text', 'int', 'bigint', 'num'],
  uuid: ['text', 'uuid'],
  jsonb: ['text'],
  timestamptz: ['timestamptz'],
  'text[]': [],
}

/** The casts that some values do not allow. */
export function mayCastFail(from: ExpressionType, to: CastType): boolean {
  if (from === to || to === 'text') return false
  return from === 'text' || (from === 'num' && (to === 'int' || to === 'bigint')) || (from === 'bigint' && to === 'int')
}

const INT_MAX = 2n ** 31n - 1n
const BIGINT_MAX = 2n ** 63n - 1n

/** `value::to`, as Postgres 16 and later read and print it. Throws `PolicyFailed` where the value does not allow it. */
export function castValue(value: Value, from: ExpressionType, to: CastType): Value {
  if (value === null || from === to) return value
  switch (to) {
    case 'text':
      return castToText(value, from)
    case 'bool':
      return from === 'text' ? parseBoolean(textOf(value)) : value !== 0
    case 'int':
      return Number(within(integerOf(value), INT_MAX, 'integer'))
    case 'bigint':
      return within(integerOf(value), BIGINT_MAX, 'bigint')
    case 'num':
      return typeof value === 'string' ? parseFloat8(value) : Number(value)
    case 'uuid':
      return parseUuid(textOf(value)) ?? fail('a text is no uuid')
    case 'timestamptz':
      return parseTimestamp(textOf(value)) ?? fail('a text is no timestamp of which the time is certain')
    default:
      throw broken('a cast to an unknown type')
  }
}

function fail(reason: string): never {
  throw policyFailed(reason)
}

function castToText(value: Exclude<Value, null>, from: ExpressionType): string {
  if (from === 'jsonb') return jsonText(jsonOf(value))
  if (typeof value === 'number') return from === 'num' ? floatText(value) : String(value)
  if (typeof value === 'object') throw broken('a list is cast to a text')
  return String(value)
}

const SPACE = String.raw`[ \t\n\v\f\r]*`
const INTEGER = new RegExp(`^${SPACE}([+-]?)(0[xX](?:_?[0-9a-fA-F])+|0[oO](?:_?[0-7])+|0[bB](?:_?[01])+|[0-9](?:_?[0-9])*)${SPACE}$`)
/** So long a text is no number of 8 bytes, whatever it says. Also bounds what BigInt is given. */
const NUMERAL_LENGTH_MAX = 1_000

/** As Postgres reads int8: `0x`, `0o`, `0b` and `_` between digits since release 16. */
function parseInteger(text: string): bigint {
  const found = INTEGER.exec(text)
  const digits = found?.[2]?.replaceAll('_', '') ?? fail('a text is no integer')
  if (digits.replace(/^0+/, '').length > NUMERAL_LENGTH_MAX) fail('a text is out of range for type bigint')
  const magnitude = BigInt(/^0[xob]/i.test(digits) ? digits.toLowerCase() : digits.replace(/^0+(?=.)/, ''))
  return found?.[1] === '-' ? -magnitude : magnitude
}

function integerOf(value: Exclude<Value, null>): bigint {
  if (typeof value === 'string') return parseInteger(value)
  if (typeof value === 'bigint') return value
  if (typeof value === 'boolean') return value ? 1n : 0n
  if (typeof value !== 'number') throw broken('an integer of something that is no scalar')
  if (!Number.isFinite(value)) return fail('a number is out of range for an integer')
  return BigInt(roundedHalfEven(value))
}

function within(value: bigint, max: bigint, type: string): bigint {
  return value > max || value < -max - 1n ? fail(`a value is out of range for type ${type}`) : value
}

/** C's rint: a half goes to the even neighbour. */
function roundedHalfEven(value: number): number {
  const floor = Math.floor(value)
  const rest = value - floor
  if (rest !== 0.5) return rest < 0.5 ? floor : floor + 1
  return floor % 2 === 0 ? floor : floor + 1
}

const FLOAT = new RegExp(`^${SPACE}([+-]?)(?:((?:[0-9]+\\.?[0-9]*|\\.[0-9]+)(?:e[+-]?[0-9]+)?)|(inf(?:inity)?)|(nan))${SPACE}$`, 'i')

const HEX_FLOAT = new RegExp(
  `^${SPACE}([+-]?)0x(?=\\.?[0-9a-f])([0-9a-f]{0,200})\\.?([0-9a-f]{0,200})(?:p([+-]?[0-9]{1,5}))?${SPACE}$`,
  'i',
)

/** As C, and so Postgres, reads hexadecimal digits with a binary exponent. */
function parseHexFloat(text: string): number {
  const found = HEX_FLOAT.exec(text)
  if (found === null) return fail('a text is no number')
  const [, sign, whole = '', fraction = '', exponent = '0'] = found
  const mantissa = BigInt(`0x${whole}${fraction}`)
  const power = Number(exponent) - 4 * fraction.length
  const half = Math.trunc(power / 2)
  const value = Number(mantissa) * 2 ** half * 2 ** (power - half)
  if (!Number.isFinite(value) || (value === 0 && mantissa > 0n)) fail('a number is out of range for type double precision')
  return sign === '-' ? -value : value
}

/** As Postgres reads float8. What overflows, or vanishes, is an error there. */
function parseFloat8(text: string): number {
  const found = FLOAT.exec(text)
  if (found === null) return parseHexFloat(text)
  const [, sign, digits, infinite] = found
  const factor = sign === '-' ? -1 : 1
  if (infinite !== undefined) return factor * Infinity
  if (digits === undefined) return NaN
  const value = Number(digits)
  const vanished = value === 0 && /[1-9]/.test(digits.replace(/e.*$/i, ''))
  return Number.isFinite(value) && !vanished ? factor * value : fail('a number is out of range for type double precision')
}

const WORDS: readonly (readonly [word: string, shortest: number, value: boolean])[] = [
  ['true', 1, true],
  ['false', 1, false],
  ['yes', 1, true],
  ['no', 1, false],
  ['on', 2, true],
  ['off', 2, false],
  ['1', 1, true],
  ['0', 1, false],
]

/** As Postgres reads bool: each word may be cut as long as it is no other. */
function parseBoolean(text: string): boolean {
  const word = text.replaceAll(new RegExp(`^${SPACE}|${SPACE}$`, 'g'), '').toLowerCase()
  const found = WORDS.find(([whole, shortest]) => word.length >= shortest && whole.startsWith(word))
  return found?.[2] ?? fail('a text is no boolean')
}

const UUID = /^(\{?)(?:[0-9a-f]{4}-?){7}[0-9a-f]{4}(\}?)$/i

/** As Postgres reads a uuid: in braces or not, a hyphen behind any group of four digits. In its canonical form; null for what is none. */
export function parseUuid(text: string): string | null {
  const found = UUID.exec(text)
  if (found === null || (found[1] === '') !== (found[2] === '')) return null
  const digits = text.replaceAll(/[^0-9a-f]/gi, '').toLowerCase()
  return `${digits.slice(0, 8)}-${digits.slice(8, 12)}-${digits.slice(12, 16)}-${digits.slice(16, 20)}-${digits.slice(20)}`
}

const CANONICAL_UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

/** The id as a uuid where it is written as one usually is; null otherwise, never an error. For columns that hold any text. */
export function uuidOrNull(text: string | null): string | null {
  return text !== null && CANONICAL_UUID.test(text) ? text.toLowerCase() : null
}
