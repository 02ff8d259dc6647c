import { hkdfSync } from 'node:crypto'
import { type JwtKey, jwtSecret } from '../jwt/jwt-key.ts'

/** What we sign tokens for. No key is good for two of them. */
export type TokenPurpose = 'signed-url' | 'sts'

/** A secret that keys are derived from, by name. */
export interface TokenSecret {
  /** Names it in tokens; another one for every secret. */
  readonly kid: string
  /** 32 bytes at least, of which nobody knows anything. */
  readonly secret: Uint8Array
}

/** The keys that we sign our own tokens with, for one purpose in one project. */
export interface TokenKeys<P extends TokenPurpose = TokenPurpose> {
  readonly purpose: P
  /** The one that signs. */
  readonly newest: DerivedKeys
  /** All that verify, by `kid`. */
  readonly byKid: ReadonlyMap<string, DerivedKeys>
}

/** What is derived from one secret. */
export interface DerivedKeys {
  /** Signs tokens. */
  readonly signing: JwtKey
  /** Makes secrets that go with tokens and cannot be computed from them. */
  readonly deriving: Uint8Array
  /** Makes names of secrets that may stand in tokens: who does not have this key cannot guess what they name. */
  readonly naming: Uint8Array
}

/** For which purpose, for whom, and from which secrets keys are made. */
export interface TokenKeysOptions<P extends TokenPurpose> {
  /** What the tokens are for. */
  readonly purpose: P
  /** The project; the tokens of another one with the same secrets are not good here. */
  readonly project: string
  /** The first signs, all verify: a new one goes in front, and the old one goes when its last token has expired. */
  readonly secrets: readonly TokenSecret[]
}

const SECRET_BYTES_MIN = 32
const KEY_BYTES = 32

/**
 * Derives the keys for a purpose (HKDF-SHA-256, RFC 5869). A token that was made for one purpose or project is never good for
 * another one, even where all share a secret. Throws a `TypeError` for no secret, a short one, or a name that comes twice.
 */
export function tokenKeys<P extends TokenPurpose>({ purpose, project, secrets }: TokenKeysOptions<P>): TokenKeys<P> {
  const byKid = new Map<string, DerivedKeys>()
  for (const { kid, secret } of secrets) {
    if (secret.length < SECRET_BYTES_MIN) throw new TypeError(`the secret ${kid} must have at least ${SECRET_BYTES_MIN} bytes`)
    if (byKid.has(kid)) throw new TypeError(`two secrets are named ${kid}`)
    const derive = (use: string): Uint8Array => {
      // As JSON, so that no project can be spelt to look like another purpose.
      return new Uint8Array(hkdfSync('sha256', secret, '', JSON.stringify(['stowage', purpose, use, project]), KEY_BYTES))
    }
    byKid.set(kid, { signing: jwtSecret(derive('sign'), { kid }), deriving: derive('secrets'), naming: derive('names') })
  }
  const [newest] = byKid.values()
  if (newest === undefined) throw new TypeError('tokens cannot be signed without a secret')
  return { purpose, newest, byKid }
}
