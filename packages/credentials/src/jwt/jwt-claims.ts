import type { JsonObject } from '@stowage/core'
import { isTextList } from '../read-json-object.ts'
import { TokenError } from '../token-error.ts'

/** The times of a token, in seconds since 1970. */
export interface TokenTimes {
  readonly exp: number
  readonly iat: number | null
}

/** What a token may say at most. */
export interface ClaimRules {
  /** Who may have issued it; null for whoever has the key. */
  readonly issuers: readonly string[] | null
  /** For whom it may be meant, one of them; null for anybody. */
  readonly audiences: readonly string[] | null
  /** How far ahead of ours the issuer's clock may be. */
  readonly skewSecondsMax: number
}

/** Checks when, by whom and for whom a verified token was made. Fails with a `TokenError`. */
export function checkClaims(claims: JsonObject, rules: ClaimRules, now: Date): TokenTimes {
  const { exp, nbf, iat, iss, aud } = claims
  if (!isSeconds(exp)) throw new TokenError('claims', 'The token does not say when it expires.')
  const seconds = now.getTime() / 1000
  // Asked this way round, a clock that is broken refuses.
  if (!(seconds < exp)) throw new TokenError('expired', 'The token has expired.')
  for (const begin of [nbf, iat]) {
    if (begin === undefined) continue
    if (!isSeconds(begin) || begin > seconds + rules.skewSecondsMax) throw new TokenError('claims', 'The token is not valid yet.')
  }
  if (rules.issuers !== null && !(typeof iss === 'string' && rules.issuers.includes(iss))) {
    throw new TokenError('claims', 'The token is of another issuer.')
  }
  const audiences = typeof aud === 'string' ? [aud] : isTextList(aud) ? aud : []
  if (rules.audiences !== null && !rules.audiences.some((audience) => audiences.includes(audience))) {
    throw new TokenError('claims', 'The token is meant for somebody else.')
  }
  return { exp, iat: isSeconds(iat) ? iat : null }
}

/** Further than this no `Date` reaches, in seconds. */
const SECONDS_MAX = 8.64e12

function isSeconds(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= SECONDS_MAX
}
