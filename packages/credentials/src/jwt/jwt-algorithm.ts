/** What a key must be to sign by an algorithm. */
interface KeyShape {
  /** `KeyObject.asymmetricKeyType`; absent for a secret. */
  readonly asymmetric?: 'rsa' | 'ec' | 'ed25519'
  /** Of elliptic curves, as OpenSSL names them. */
  readonly curve?: string
  /** Of secrets: as long as the hash (RFC 7518 section 3.2). */
  readonly bytesMin?: number
}

/** The algorithms that are verified (RFC 7518 section 3.1, RFC 8037). There is no `none`. */
export type JwtAlgorithm =
  | 'HS256'
  | 'HS384'
  | 'HS512'
  | 'RS256'
  | 'RS384'
  | 'RS512'
  | 'PS256'
  | 'PS384'
  | 'PS512'
  | 'ES256'
  | 'ES384'
  | 'ES512'
  | 'EdDSA'

/** What a key of each algorithm must be. */
export const KEY_SHAPES: Readonly<Record<JwtAlgorithm, KeyShape>> = {
  HS256: { bytesMin: 32 },
  HS384: { bytesMin: 48 },
  HS512: { bytesMin: 64 },
  RS256: { asymmetric: 'rsa' },
  RS384: { asymmetric: 'rsa' },
  RS512: { asymmetric: 'rsa' },
  PS256: { asymmetric: 'rsa' },
  PS384: { asymmetric: 'rsa' },
  PS512: { asymmetric: 'rsa' },
  ES256: { asymmetric: 'ec', curve: 'prime256v1' },
  ES384: { asymmetric: 'ec', curve: 'secp384r1' },
  ES512: { asymmetric: 'ec', curve: 'secp521r1' },
  EdDSA: { asymmetric: 'ed25519' },
}

/** The algorithm of a JWK that names none. */
export const DEFAULT_ALGORITHMS: Readonly<Record<string, JwtAlgorithm>> = {
  oct: 'HS256',
  RSA: 'RS256',
  'EC/P-256': 'ES256',
  'EC/P-384': 'ES384',
  'EC/P-521': 'ES512',
  'OKP/Ed25519': 'EdDSA',
}

/** Whether a text names one of the algorithms. */
export function isJwtAlgorithm(name: unknown): name is JwtAlgorithm {
  return typeof name === 'string' && Object.hasOwn(KEY_SHAPES, name)
}
