import { integerHeader, optionalHeader, parseQuery, readBody } from '@stowage/http'
import type { HttpHeader, HttpRequest, QueryPair } from '@stowage/http'
import { StsFault } from './sts-fault.ts'

/** Of a form, in bytes: a token of a user, and a policy. */
const FORM_SIZE_MAX = 8192

/** What a request asks for, and the bytes that its signature is over. */
export interface StsForm {
  /** Of query and body together, each name once. */
  readonly fields: ReadonlyMap<string, string>
  readonly body: Uint8Array
}

/** Reads the parameters of a request. Fails with a `StsFault`, or with an `HttpInputError`. */
export async function readForm(http: HttpRequest, query: readonly QueryPair[]): Promise<StsForm> {
  http.acceptBody()
  const body = await readBody(http.body, { sizeMax: FORM_SIZE_MAX, size: integerHeader(http.headers, 'content-length') })
  const sent = isForm(http.headers) ? parseQuery(body.toString('latin1')) : []
  const fields = new Map<string, string>()
  for (const [name, value] of [...query, ...sent]) {
    // Which of two would count is a matter of taste, and a proxy may have checked the other one.
    if (fields.has(name)) throw new StsFault('ValidationError', 'A parameter came more than once.')
    fields.set(name, value)
  }
  return { fields, body }
}

/** Whether the body is a form. */
export function isForm(headers: readonly HttpHeader[]): boolean {
  return /^application\/x-www-form-urlencoded\s*(?:;|$)/i.test(optionalHeader(headers, 'content-type') ?? '')
}
