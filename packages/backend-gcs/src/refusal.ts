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

  constructor(status: number, said: { readonly reason: string; readonly message: string; readonly retryAfterSeconds: number | null }) {
    super(`${status} ${said.message}`)
    this.status = status
    this.reason = said.reason
    this.retryAfterSeconds = said.retryAfterSeconds
  }
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
  })
}

/**
 * Whether an object is what is missing. A missing bucket answers with the same status and reason; only the sentence tells them
 * apart.
 */
export function isMissingObject({ status, message }: Refusal): boolean {
  return status === 404 && !/bucket (?:\S+ )?does not exist|bucket not found/i.test(message)
}
