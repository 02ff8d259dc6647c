import { type JwtKey, keysByKid } from './jwt-key.ts'

/** Where keys are found by name. */
export interface JwtKeySource {
  /**
   * The keys of this name, none where there is none of it; of no name, those that have none. Fails with a `TokenError`
   * (`keys-unavailable`) where it cannot tell.
   */
  find(kid: string | null): readonly JwtKey[] | Promise<readonly JwtKey[]>
}

/** Keys that are at hand: secrets, a JWKS of the configuration, the old and the new ones while they are rotated. */
export function localKeys(keys: readonly JwtKey[]): JwtKeySource {
  const byKid = keysByKid(keys)
  return { find: (kid) => byKid.get(kid) ?? [] }
}
