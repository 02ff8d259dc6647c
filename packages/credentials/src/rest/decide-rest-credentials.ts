import { hash, timingSafeEqual } from 'node:crypto'
import { isOpaqueKeyLike, type OpaqueKey, readOpaqueKey } from '../opaque-keys/opaque-key.ts'
import { isBrowser } from './is-browser.ts'

/** What a request of the REST API shows; null for what it does not have. */
export interface RestCredentials {
  /** The header `apikey`. */
  readonly apikey: string | null
  /** The header `Authorization`. */
  readonly authorization: string | null
  /** The header `User-Agent`. */
  readonly userAgent: string | null
  /** `apikey` in the query. */
  readonly apikeyInQuery: string | null
}

/** For whom a decision is made. */
export interface DecideRestCredentialsOptions {
  /** The project whose keys they must be: it is in their checksums. */
  readonly projectRef: string
  /** Whether a publishable key may come in the query. A secret one never may: URLs are logged. Default false. */
  readonly allowPublishableInQuery?: boolean
}

/**
 * Why a request is refused before any key is looked up:
 *
 * - `secret-in-browser`: a secret key, sent by a browser. 401, whatever else it shows.
 * - `key-in-query`: a key where it is logged. 400.
 * - `invalid-key`: nothing that could be a key of this project. 401.
 * - `opaque-bearer`: an opaque key as a bearer token that is not the `apikey` beside it. 401 `InvalidJWT`.
 * - `invalid-authorization`: an `Authorization` that is neither a bearer token nor a signature. 401.
 */
export type RestRefusal = 'secret-in-browser' | 'key-in-query' | 'invalid-key' | 'opaque-bearer' | 'invalid-authorization'

/** A key as it was shown, not yet looked up or verified: an opaque one, or one of Supabase's older tokens. */
export type PresentedKey = { readonly kind: 'opaque'; readonly key: OpaqueKey } | { readonly kind: 'legacy'; readonly token: string }

/** What a request is by what it shows. */
export type RestDecision =
  /** It shows nothing: public buckets and signed URLs, no role. */
  | { readonly kind: 'anonymous' }
  /** It is signed as S3 requests are; its `apikey` counts for nothing. No REST route takes it. */
  | { readonly kind: 'signature' }
  | { readonly kind: 'refused'; readonly reason: RestRefusal }
  /**
   * Both must hold, where there are both: a key that is unknown or revoked refuses the request, good token or not. The role is that
   * of the user's token, and that of the key where there is none.
   */
  | { readonly kind: 'identified'; readonly key: PresentedKey | null; readonly userToken: string | null }

/** Says what the credentials of a REST request amount to: the table of `apikey` and `Authorization`, before any look-up. */
export function decideRestCredentials(shown: RestCredentials, options: DecideRestCredentialsOptions): RestDecision {
  const { authorization, userAgent, apikeyInQuery } = shown
  const keys = [shown.apikey, apikeyInQuery].filter((key) => key !== null)
  if (keys.some((key) => key.startsWith('sb_secret_')) && isBrowser(userAgent)) return refused('secret-in-browser')
  if (apikeyInQuery !== null && !isAllowedInQuery(apikeyInQuery, options)) return refused('key-in-query')
  if (authorization?.startsWith('AWS4-HMAC-SHA256 ') === true) return { kind: 'signature' }
  const [apikey = null, other] = keys
  if (other !== undefined && !isSame(shown.apikey ?? '', other)) return refused('invalid-key')
  const key = apikey === null ? null : readKey(apikey, options.projectRef)
  if (apikey !== null && key === null) return refused('invalid-key')
  if (authorization === null) return key === null ? { kind: 'anonymous' } : { kind: 'identified', key, userToken: null }
  const token = bearerOf(authorization)
  if (token === null) return refused('invalid-authorization')
  // Clients of Supabase send the key as a bearer token where they have no session.
  if (apikey !== null && isSame(apikey, token)) return { kind: 'identified', key, userToken: null }
  if (isOpaqueKeyLike(token)) return refused('opaque-bearer')
  return { kind: 'identified', key, userToken: token }
}

function isAllowedInQuery(key: string, { allowPublishableInQuery = false }: DecideRestCredentialsOptions): boolean {
  return allowPublishableInQuery && key.startsWith('sb_publishable_')
}

function readKey(text: string, projectRef: string): PresentedKey | null {
  if (isOpaqueKeyLike(text)) {
    const key = readOpaqueKey(text, projectRef)
    return key === null ? null : { kind: 'opaque', key }
  }
  return /^[\w-]+\.[\w-]+\.[\w-]+$/.test(text) ? { kind: 'legacy', token: text } : null
}

/** RFC 6750 section 2.1; the name of the scheme in any case (RFC 9110 section 11.1). */
function bearerOf(authorization: string): string | null {
  return /^Bearer +([\w.~+/-]+=*)$/i.exec(authorization)?.[1] ?? null
}

/** Compares digests: texts of any length, in a time that says nothing. */
function isSame(left: string, right: string): boolean {
  return timingSafeEqual(hash('sha256', left, 'buffer'), hash('sha256', right, 'buffer'))
}

function refused(reason: RestRefusal): RestDecision {
  return { kind: 'refused', reason }
}
