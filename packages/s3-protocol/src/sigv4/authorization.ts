import { S3Error } from '../s3-error.ts'
import { parseScopedCredential } from './credential-scope.ts'
import type { ScopedCredential } from './credential-scope.ts'
import { parseSignedHeaders } from './signed-headers.ts'

/** The one algorithm that is accepted. */
export const ALGORITHM = 'AWS4-HMAC-SHA256'

/** A signature as it is sent. */
export const SIGNATURE: RegExp = /^[0-9a-f]{64}$/

/** An Authorization header, taken apart and well-formed, not yet verified. */
export interface Authorization extends ScopedCredential {
  /** Lower case, sorted, unique; `host` is among them. */
  readonly signedHeaders: readonly string[]
  /** 64 lower-case hexadecimal digits. */
  readonly signature: string
}

/** Reads `AWS4-HMAC-SHA256 Credential=…, SignedHeaders=…, Signature=…`: exactly these three, in any order. */
export function parseAuthorization(header: string): Authorization {
  const parts = new Map<string, string>()
  for (const part of header.slice(ALGORITHM.length).split(',')) {
    const text = part.replace(/^[ \t]+|[ \t]+$/g, '')
    const equals = text.indexOf('=')
    const name = equals < 0 ? text : text.slice(0, equals)
    if (parts.has(name)) throw malformed(`${name} comes twice`)
    parts.set(name, text.slice(equals + 1))
  }
  const credential = parts.get('Credential')
  const signedHeaders = parts.get('SignedHeaders')
  const signature = parts.get('Signature')
  if (credential === undefined || signedHeaders === undefined || signature === undefined || parts.size !== 3) {
    throw malformed('it must have Credential, SignedHeaders and Signature, and nothing else')
  }
  const scoped = parseScopedCredential(credential)
  if (scoped === null) throw malformed('the credential must be of the form <key>/YYYYMMDD/REGION/SERVICE/aws4_request')
  if (!SIGNATURE.test(signature)) throw malformed('the signature must have 64 lower-case hexadecimal digits')
  return { ...scoped, signedHeaders: parseSignedHeaders(signedHeaders, malformed), signature }
}

/** The most headers that are remembered; a client has a new one each day, and one for each set of headers that it signs. */
const REMEMBERED_MAX = 256
/** The longest beginning of a header that is remembered. */
const REMEMBERED_LENGTH_MAX = 1024
const SIGNATURE_LENGTH = 64

/**
 * Reads Authorization headers as `parseAuthorization` does, and remembers all of them but the signature: requests of one
 * client differ in nothing else.
 */
export class AuthorizationReader {
  readonly #known = new Map<string, Authorization>()

  /** Fails with what `parseAuthorization` fails with. */
  read(header: string): Authorization {
    const beginning = header.slice(0, -SIGNATURE_LENGTH)
    const known = this.#known.get(beginning)
    const signature = header.slice(-SIGNATURE_LENGTH)
    if (known !== undefined && SIGNATURE.test(signature)) return { ...known, signature }
    const authorization = parseAuthorization(header)
    // Behind this word stands the signature and nothing else: an equals sign there is in no other part.
    if (beginning.endsWith('Signature=') && beginning.length <= REMEMBERED_LENGTH_MAX) this.#remember(beginning, authorization)
    return authorization
  }

  #remember(beginning: string, authorization: Authorization): void {
    // Whoever sends junk makes others be read again, and no more.
    if (this.#known.size >= REMEMBERED_MAX) this.#known.clear()
    this.#known.set(beginning, authorization)
  }
}

/** Makes the error of a header that cannot be read. */
export function malformed(reason: string, fields: Readonly<Record<string, string>> = {}): S3Error {
  return new S3Error('AuthorizationHeaderMalformed', `The authorization header is malformed; ${reason}.`, { fields })
}
