import type { IncomingHttpHeaders } from 'node:http'
import { readFields, readObject } from './read-json.ts'

/** An answer of the service that is not the one hoped for: what it says of itself, for `errors.ts` and as a `cause`. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly status: number
  /** The service's word for it (`rateLimitExceeded`), or empty. */
  readonly reason: string
  /** How long the service asks to wait, or null. */
  readonly retryAfterSeconds: number | null
  /** What it says is missing, where it answers 404. */
  readonly missing: Missing | null

  constructor(status: number, said: Said) {
    super(`${status} ${said.message}`)
    this.status = status
    this.reason = said.reason
    this.retryAfterSeconds = said.retryAfterSeconds
    this.missing = status === 404 ? said.missing : null
  }
}

/**
 * What a 404 says of itself: that the object is missing, or the bucket; `something` where it is worded as the service words it, and names
 * neither; `unknown` where it is not, and anybody may have given it.
 */
export type Missing = 'object' | 'bucket' | 'something' | 'unknown'

/** What was read of a refusal. */
interface Said {
  readonly reason: string
  readonly message: string
  readonly retryAfterSeconds: number | null
  readonly missing: Missing
}

/** The longest text of the service that is kept. */
const MESSAGE_LENGTH_MAX = 500

/** Reads a refusal: JSON, plain text (as downloads are refused), or nothing at all. */
export function readRefusal(status: number, headers: IncomingHttpHeaders, body: string): Refusal {
  const error = readFields(readObject(body)?.['error'])
  const first = Array.isArray(error?.['errors']) ? readFields(error['errors'][0]) : null
  const reason = first?.['reason']
  const message = error?.['message']
  const seconds = Number(headers['retry-after'] ?? Number.NaN)
  return new Refusal(status, {
    reason: typeof reason === 'string' ? reason : '',
    message: (typeof message === 'string' ? message : body).slice(0, MESSAGE_LENGTH_MAX),
    retryAfterSeconds: Number.isFinite(seconds) && seconds >= 0 ? seconds : null,
    missing: typeof message === 'string' && error?.['code'] === 404 ? missingOf(message) : missingOfText(body),
  })
}

const MISSING_BUCKET = /bucket (?:\S+ )?does not exist|bucket not found/i

/** A missing bucket answers with the same status and reason; only the sentence tells them apart. The second one is an emulator's. */
function missingOf(message: string): Missing {
  if (MISSING_BUCKET.test(message)) return 'bucket'
  return /^No such object: |\bobject \S+ does not exist/.test(message) ? 'object' : 'something'
}

/** Downloads are refused in plain text. */
function missingOfText(body: string): Missing {
  if (/^\s*</.test(body)) return 'unknown'
  if (MISSING_BUCKET.test(body)) return 'bucket'
  return body.startsWith('No such object: ') ? 'object' : 'unknown'
}
