import type { JsonObject } from '@stowage/core'
import { readJsonObject } from '../read-json-object.ts'
import { TokenError } from '../token-error.ts'

/** The longest token that is looked at, in characters. Longer ones do not fit in a header of 8 KiB anyway. */
const TOKEN_LENGTH_MAX = 8192

/** What a token says of itself before anything is verified. */
export interface UnverifiedToken {
  readonly alg: string
  /** Null where it names no key. */
  readonly kid: string | null
  /** Lower case, without a leading `application/`; null where there is none. */
  readonly typ: string | null
  /** What it claims. Believe nothing of it: it says where to look for the key, at most. */
  readonly payload: JsonObject
}

const KID_LENGTH_MAX = 256

/**
 * Takes a signed token in compact form apart (RFC 7515 section 7.1) without believing it. Fails with a `TokenError` for
 * anything else: encrypted or nested tokens, extensions that must be understood (`crit`, `b64`), and spellings of base64url
 * that decode to the same bytes as another one.
 */
export function readCompactToken(token: string): UnverifiedToken {
  if (token.length > TOKEN_LENGTH_MAX) throw new TokenError('malformed', `The token has more than ${TOKEN_LENGTH_MAX} characters.`)
  const [head, body, signature, ...rest] = token.split('.')
  if (head === undefined || body === undefined || signature === undefined || rest.length > 0) {
    throw new TokenError('malformed', 'The token does not have three parts.')
  }
  const header = readPart(head)
  const payload = readPart(body)
  if (header === null || payload === null || decodeCanonical(signature) === null) {
    throw new TokenError('malformed', 'The token cannot be read.')
  }
  return { ...readHeader(header), payload }
}

function readHeader(header: JsonObject): Omit<UnverifiedToken, 'payload'> {
  const { alg, kid = null, typ = null, cty } = header
  if (typeof alg !== 'string' || (typ !== null && typeof typ !== 'string'))
    throw new TokenError('malformed', 'The header of the token cannot be read.')
  if (kid !== null && (typeof kid !== 'string' || kid === '' || kid.length > KID_LENGTH_MAX)) {
    throw new TokenError('malformed', 'The kid of the token is not valid.')
  }
  for (const name of ['crit', 'b64', 'enc', 'zip']) {
    if (Object.hasOwn(header, name)) throw new TokenError('malformed', `The token asks for ${name}, which is not supported.`)
  }
  if (cty !== undefined) throw new TokenError('malformed', 'The token has another one in it, which is not supported.')
  return { alg, kid, typ: typ === null ? null : typ.toLowerCase().replace(/^application\//, '') }
}

function readPart(part: string): JsonObject | null {
  const bytes = decodeCanonical(part)
  return bytes === null ? null : readJsonObject(bytes)
}

/** Bytes have one spelling: what was seen, revoked or logged as one token must not come back as another one. */
function decodeCanonical(part: string): Buffer | null {
  const bytes = Buffer.from(part, 'base64url')
  return bytes.length > 0 && bytes.toString('base64url') === part ? bytes : null
}
