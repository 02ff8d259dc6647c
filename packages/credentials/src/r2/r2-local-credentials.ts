import { hash } from 'node:crypto'
import { type Clock, intersectScopes, type JsonObject, type Scope } from '@stowage/core'
import { readCompactToken } from '../jwt/compact-token.ts'
import { checkClaims } from '../jwt/jwt-claims.ts'
import { type JwtKey, jwtSecret } from '../jwt/jwt-key.ts'
import { verifySignature } from '../jwt/verify-signature.ts'
import { isJsonObject, isTextList } from '../read-json-object.ts'
import { refusalOf } from '../s3/refusal-of.ts'
import type { FoundS3Credential, S3Credential, S3CredentialResolver } from '../s3/s3-credential.ts'
import type { ParentFinder } from '../sts/temporary-credentials.ts'
import { TokenError } from '../token-error.ts'
import { isR2Permission } from './r2-permissions.ts'
import { isPathList, R2_TTL_SECONDS_MAX, r2TemporaryScope } from './r2-temporary-request.ts'

/** What credentials that were signed elsewhere are held against. */
export interface R2LocalCredentialsOptions {
  /** The keys that sign them. */
  readonly parents: ParentFinder
  /** The account that they must name. */
  readonly accountId: string
  /** Our endpoints by host (`<account>.eu.r2.example`), and the jurisdiction that is behind each. */
  readonly endpoints: ReadonlyMap<string, string>
  /** The time that those of tokens are held against. */
  readonly clock: Clock
}

const CLAIMS: ReadonlySet<string> = new Set(['bucket', 'scope', 'actions', 'paths', 'sub', 'iss', 'aud', 'iat', 'exp', 'nbf', 'jti'])
const PATH_CLAIMS: ReadonlySet<string> = new Set(['prefixPaths', 'objectPaths'])
/** Base64 of the longest token that is looked at. */
const SESSION_TOKEN_LENGTH_MAX = 11_000
const SKEW_SECONDS_MAX = 60

/**
 * Temporary credentials that whoever has a key of R2 signs without asking us: the session token is a JWT under the secret of the key.
 * The secret beside it is its hash: whoever sees the token, in a presigned URL say, has the whole credential. Put this among the
 * resolvers only where that is wanted (`allowLocalSigning`).
 */
export function r2LocalCredentials(options: R2LocalCredentialsOptions): S3CredentialResolver {
  return {
    find: (accessKeyId, sessionToken) => {
      const jwt = sessionToken === null ? null : readSessionToken(sessionToken)
      if (sessionToken === null || jwt === null) return null
      return verify({ accessKeyId, sessionToken, jwt }, options).catch(refusalOf)
    },
  }
}

interface Shown {
  readonly accessKeyId: string
  readonly sessionToken: string
  readonly jwt: string
}

/** `base64("jwt/" + jwt)`; null for what is not of this kind. */
function readSessionToken(sessionToken: string): string | null {
  if (sessionToken.length > SESSION_TOKEN_LENGTH_MAX || !/^[A-Za-z0-9+/]+={0,2}$/.test(sessionToken)) return null
  const text = Buffer.from(sessionToken, 'base64').toString('latin1')
  return text.startsWith('jwt/') ? text.slice('jwt/'.length) : null
}

async function verify({ accessKeyId, sessionToken, jwt }: Shown, options: R2LocalCredentialsOptions): Promise<FoundS3Credential> {
  const { payload } = readCompactToken(jwt)
  // Whose key it is to be verified with: of what is not verified, that is all that is believed.
  if (payload['iss'] !== accessKeyId) throw new TokenError('claims', 'The token is of another access key.')
  const parent = await options.parents.find(accessKeyId)
  const now = options.clock()
  if (parent === null || parent.sessionToken !== undefined) throw new TokenError('revoked', 'The key is not there.')
  if (parent.expiresAt !== undefined && !(now < parent.expiresAt)) throw new TokenError('expired', 'The key has expired.')
  const claims = await verifySignature(jwt, parentKey(parent))
  if (claims === null) throw new TokenError('signature', 'The signature of the token is not right.')
  const { scope, expiresAt } = readClaims(claims, options, now)
  const ceiling = intersectScopes(parent.caller.scope ?? {}, scope)
  const version = hash('sha256', jwt)
  return {
    id: parent.id,
    version: `local/${version}`,
    secretAccessKey: version,
    sessionToken,
    expiresAt,
    caller: { ...parent.caller, scope: intersectScopes(ceiling, { notAfter: expiresAt }) },
  }
}

/** A key that is shorter than its hash signs none: it is easily guessed from a token that anybody may have seen. */
function parentKey({ secretAccessKey }: S3Credential): JwtKey {
  try {
    return jwtSecret(secretAccessKey)
  } catch (error) {
    throw new TokenError('signature', 'The key is too short to sign tokens.', { cause: error })
  }
}

function readClaims(
  claims: JsonObject,
  { endpoints, accountId }: R2LocalCredentialsOptions,
  now: Date,
): { readonly scope: Scope; readonly expiresAt: Date } {
  const { exp, iat } = checkClaims(claims, { issuers: null, audiences: [...endpoints.keys()], skewSecondsMax: SKEW_SECONDS_MAX }, now)
  if (iat === null || exp - iat > R2_TTL_SECONDS_MAX) throw new TokenError('claims', 'The token is good for too long.')
  const { sub, aud, bucket, scope: permission = null, actions = null, paths = {} } = claims
  const jurisdiction = typeof aud === 'string' ? endpoints.get(aud) : undefined
  // A claim that is not known may be a limit.
  if (sub !== accountId || jurisdiction === undefined || !hasOnly(claims, CLAIMS) || !isJsonObject(paths) || !hasOnly(paths, PATH_CLAIMS)) {
    throw new TokenError('claims', 'The token is not for this account, or asks for what is not known here.')
  }
  const { prefixPaths: prefixes = null, objectPaths: objects = null } = paths
  if (typeof bucket !== 'string' || bucket === '' || !isPathList(prefixes) || !isPathList(objects)) throw unreadable()
  if (!(permission === null || isR2Permission(permission)) || !(actions === null || isTextList(actions))) throw unreadable()
  if (permission === null && actions === null) throw new TokenError('claims', 'The token says nothing of what it allows.')
  const scope = r2TemporaryScope({ bucket: { jurisdiction, name: bucket }, permission, actions, prefixes, objects })
  if (scope === null) throw unreadable()
  return { scope, expiresAt: new Date(exp * 1000) }
}

function hasOnly(value: JsonObject, names: ReadonlySet<string>): boolean {
  return Object.keys(value).every((name) => names.has(name))
}

function unreadable(): TokenError {
  return new TokenError('claims', 'The token of the credential cannot be read.')
}
