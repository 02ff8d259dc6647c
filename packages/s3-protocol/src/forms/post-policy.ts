import { Buffer } from 'node:buffer'
import { S3Error } from '../s3-error.ts'
import type { SizeRange } from './form-file.ts'

/** One condition on a field. */
export interface PostCondition {
  readonly operator: 'eq' | 'starts-with'
  /** In lower case; null where it was written without its `$`, which names no field (as AWS takes it). */
  readonly field: string | null
  readonly value: string
  /** As AWS shows it to whoever fails it. */
  readonly shown: string
}

/** What whoever signed a form allows with it. */
export interface PostPolicy {
  readonly expiresAt: Date
  /** All must hold. */
  readonly conditions: readonly PostCondition[]
  /** How many bytes the file may have; null where nothing was said. */
  readonly size: SizeRange | null
}

/** The longest document that is read, in bytes. It fits into the fields of a form anyway. */
const POLICY_SIZE_MAX = 16 * 1024
const MEMBERS: ReadonlySet<string> = new Set(['expiration', 'conditions'])

/** Reads the document of a `policy` field (AWS: sigv4-HTTPPOSTConstructPolicy). Fails with `InvalidPolicyDocument` for whatever it does not know. */
export function parsePostPolicy(base64: string): PostPolicy {
  const document = parseDocument(base64)
  for (const name of Object.keys(document)) if (!MEMBERS.has(name)) throw invalid(`Unexpected: '${name}'`)
  const { expiration, conditions } = document
  if (expiration === undefined) throw invalid('Policy missing expiration.')
  if (conditions === undefined) throw invalid('Policy missing conditions.')
  if (!Array.isArray(conditions)) throw invalid("Invalid 'conditions' value: must be a List.")
  const fields: PostCondition[] = []
  let size: SizeRange | null = null
  for (const condition of conditions as readonly unknown[]) {
    if (!Array.isArray(condition)) fields.push(readSimple(condition))
    else if (operatorOf(condition) === 'content-length-range') size = narrowed(size, readRange(condition))
    else fields.push(readMatch(condition))
  }
  return { expiresAt: readExpiration(expiration), conditions: fields, size }
}

interface Document {
  readonly expiration?: unknown
  readonly conditions?: unknown
}

function parseDocument(base64: string): Document {
  if (base64.length > Math.ceil(POLICY_SIZE_MAX / 3) * 4) throw invalid(`it is larger than ${POLICY_SIZE_MAX} bytes.`)
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(base64)) throw invalid('invalid Base64 encoding.')
  let document: unknown
  try {
    document = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(base64, 'base64')))
  } catch (error) {
    throw invalid('Invalid JSON.', error)
  }
  if (typeof document !== 'object' || document === null || Array.isArray(document)) throw invalid('Invalid JSON.')
  return document
}

/** ISO 8601 in UTC; a fraction of a second may be there. A day that does not exist is none. */
function readExpiration(value: unknown): Date {
  const match = typeof value === 'string' ? /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d{1,9})?Z$/.exec(value) : null
  const time = new Date(match === null ? Number.NaN : `${match[1]}Z`)
  // What Date carries over into the next field was not there.
  if (Number.isNaN(time.getTime()) || !time.toISOString().startsWith(match?.[1] ?? '')) {
    throw invalid(`Invalid 'expiration' value: '${typeof value === 'string' ? value : ''}'`)
  }
  return time
}

function readSimple(condition: unknown): PostCondition {
  if (typeof condition !== 'object' || condition === null) throw invalid('Invalid condition: must be a List or Object.')
  const entries = Object.entries(condition)
  const entry = entries[0]
  if (entry === undefined || entries.length !== 1) {
    throw invalid('Invalid Simple-Condition: Simple-Conditions must have exactly one property specified.')
  }
  const [name, value] = entry
  if (typeof value !== 'string') throw invalid('Invalid Simple-Condition: value must be a string.')
  return { operator: 'eq', field: name.toLowerCase(), value, shown: shown(['eq', `$${name}`, value]) }
}

function operatorOf([operator]: readonly unknown[]): string {
  if (typeof operator !== 'string') throw invalid('Invalid Condition: missing operation identifier.')
  return operator.toLowerCase()
}

function readMatch(condition: readonly unknown[]): PostCondition {
  const operator = operatorOf(condition)
  if (operator !== 'eq' && operator !== 'starts-with') throw invalid(`Invalid Condition: unknown operation '${operator}'.`)
  const [, name, value] = condition
  if (condition.length !== 3 || typeof name !== 'string' || typeof value !== 'string') {
    throw invalid(`Invalid ${operator}: it takes a field and a text.`)
  }
  return { operator, field: name.startsWith('$') ? name.slice(1).toLowerCase() : null, value, shown: shown([operator, name, value]) }
}

function readRange(condition: readonly unknown[]): SizeRange {
  const [, min, max] = condition
  const range = { min: readSize(min), max: readSize(max) }
  if (condition.length === 3 && range.min <= range.max) return range
  throw invalid('Invalid content-length-range: it takes two numbers of bytes, the smaller one first.')
}

/** Digits in quotes count too, as on AWS. */
function readSize(value: unknown): number {
  const size = typeof value === 'string' && /^[0-9]{1,16}$/.test(value) ? Number(value) : value
  if (typeof size === 'number' && Number.isSafeInteger(size) && size >= 0) return size
  throw invalid('Invalid content-length-range: it takes two numbers of bytes, the smaller one first.')
}

function narrowed(range: SizeRange | null, other: SizeRange): SizeRange {
  return range === null ? other : { min: Math.max(range.min, other.min), max: Math.min(range.max, other.max) }
}

function shown(condition: readonly string[]): string {
  return `[${condition.map((part) => JSON.stringify(part)).join(', ')}]`
}

function invalid(reason: string, cause?: unknown): S3Error {
  return new S3Error('InvalidPolicyDocument', `Invalid Policy: ${reason}`, cause === undefined ? {} : { cause })
}
