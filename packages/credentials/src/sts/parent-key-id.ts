import { readCompactToken } from '../jwt/compact-token.ts'
import { TokenError } from '../token-error.ts'
import { parseSessionClaims } from './session-claims.ts'

/**
 * The access key id that a temporary credential says it was made from, by its session token; null where it was made from none, or the token is of
 * another kind. Nothing is verified: it says where to look, and nothing about whoever shows it.
 */
export function parentKeyIdOf(sessionToken: string): string | null {
  try {
    const { parent } = parseSessionClaims(readCompactToken(sessionToken).payload)
    return parent.kind === 'key' ? parent.accessKeyId : null
  } catch (error) {
    if (error instanceof TokenError) return null
    throw error
  }
}
