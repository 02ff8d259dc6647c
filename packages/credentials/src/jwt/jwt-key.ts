import { createHash, createPublicKey, createSecretKey, type KeyObject } from 'node:crypto'
import type { JsonObject } from '@stowage/core'
import { isJsonObject } from '../read-json-object.ts'
import { DEFAULT_ALGORITHMS, isJwtAlgorithm, KEY_SHAPES, type JwtAlgorithm } from './jwt-algorithm.ts'

/** Our record of a key: it says how tokens are verified, whatever they say of themselves. */
export interface JwtKey {
  /** The name by which tokens ask for it; null for a key that only tokens without a `kid` are verified with. */
  readonly kid: string | null
  readonly alg: JwtAlgorithm
  readonly key: KeyObject
  /** Another one for every other key and algorithm. Of a secret it is as secret: never logged. */
  readonly fingerprint: string
}

/** How a shared secret is used. */
export interface JwtSecretOptions {
  /** Default null: it verifies tokens without a `kid`, as those of Supabase's JWT secret are. */
  readonly kid?: string | null
  /** Default HS256. */
  readonly alg?: 'HS256' | 'HS384' | 'HS512'
}

/** RSA keys below this are refused (RFC 7518 section 3.3). */
const RSA_BITS_MIN = 2048
const KID_LENGTH_MAX = 256

/** A shared secret as a key. Throws a `TypeError` for one that is shorter than its hash. */
export function jwtSecret(secret: string | Uint8Array, options: JwtSecretOptions = {}): JwtKey {
  const { kid = null, alg = 'HS256' } = options
  return jwtKey(createSecretKey(typeof secret === 'string' ? Buffer.from(secret) : secret), kid, alg)
}

/**
 * A JWK as a key; its public half, if both are there. Without `alg` it is taken by kind and curve.
 *
 * Throws a `TypeError` for a key that is not for verifying signatures, that is weak, or whose `alg` is of another kind of key.
 */
export function jwtKeyFromJwk(jwk: JsonObject): JwtKey {
  const { kty, crv, use, key_ops: operations } = jwk
  const alg = jwk['alg'] ?? DEFAULT_ALGORITHMS[typeof crv === 'string' ? `${String(kty)}/${crv}` : String(kty)]
  if (!isJwtAlgorithm(alg)) throw new TypeError('a JWK is of no algorithm that is known here')
  if (use !== undefined && use !== 'sig') throw new TypeError(`a JWK of ${alg} is not meant for signatures`)
  if (operations !== undefined && !(Array.isArray(operations) && operations.some((each) => each === 'verify' || each === 'sign'))) {
    throw new TypeError(`a JWK of ${alg} is not meant for signatures`)
  }
  const kid = jwk['kid'] ?? null
  if (kid !== null && typeof kid !== 'string') throw new TypeError(`a JWK of ${alg} has a kid that is no text`)
  return jwtKey(keyObject(jwk, alg), kid, alg)
}

/** The keys of a JWKS (RFC 7517 section 5), in order. Throws a `TypeError` for what is none, or has a key that `jwtKeyFromJwk` refuses. */
export function jwtKeysFromJwks(jwks: JsonObject): readonly JwtKey[] {
  return jwksMembers(jwks).map(jwtKeyFromJwk)
}

/** The JWKs of a JWKS, as yet unread. Throws a `TypeError` for what is none. */
export function jwksMembers(jwks: JsonObject): readonly JsonObject[] {
  const { keys } = jwks
  if (!Array.isArray(keys) || !keys.every(isJsonObject)) throw new TypeError('a JWKS must have a list of keys')
  return keys
}

/** Keys by their name; those without one under null. */
export function keysByKid(keys: readonly JwtKey[]): ReadonlyMap<string | null, readonly JwtKey[]> {
  const byKid = new Map<string | null, readonly JwtKey[]>()
  for (const key of keys) byKid.set(key.kid, [...(byKid.get(key.kid) ?? []), key])
  return byKid
}

function keyObject(jwk: JsonObject, alg: JwtAlgorithm): KeyObject {
  const { kty, k } = jwk
  if (kty === 'oct') {
    if (typeof k !== 'string' || !/^[A-Za-z0-9_-]+$/.test(k)) throw new TypeError(`a JWK of ${alg} has no secret`)
    return createSecretKey(Buffer.from(k, 'base64url'))
  }
  try {
    return createPublicKey({ key: { ...jwk }, format: 'jwk' })
  } catch (error) {
    throw new TypeError(`a JWK of ${alg} cannot be read`, { cause: error })
  }
}

function jwtKey(key: KeyObject, kid: string | null, alg: JwtAlgorithm): JwtKey {
  if (kid !== null && (kid === '' || kid.length > KID_LENGTH_MAX)) throw new TypeError(`a kid must have 1 to ${KID_LENGTH_MAX} characters`)
  checkShape(key, alg)
  const material = key.type === 'secret' ? key.export() : key.export({ type: 'spki', format: 'der' })
  return { kid, alg, key, fingerprint: createHash('sha256').update(`${alg}\0`).update(material).digest('hex') }
}

/** The reason why a public key is never taken for the secret of an HMAC: a record is of one kind, checked when it is made. */
function checkShape(key: KeyObject, alg: JwtAlgorithm): void {
  const { asymmetric, curve, bytesMin = 0 } = KEY_SHAPES[alg]
  const details = key.asymmetricKeyDetails
  if (key.asymmetricKeyType !== asymmetric || (curve !== undefined && details?.namedCurve !== curve)) {
    throw new TypeError(`a key is not of the kind that ${alg} needs`)
  }
  if ((key.symmetricKeySize ?? bytesMin) < bytesMin) throw new TypeError(`a secret for ${alg} must have at least ${bytesMin} bytes`)
  if (asymmetric === 'rsa' && (details?.modulusLength ?? 0) < RSA_BITS_MIN) {
    throw new TypeError(`a key for ${alg} must have at least ${RSA_BITS_MIN} bits`)
  }
}
