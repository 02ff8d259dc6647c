import type { Caller, Clock, GrantPrincipal, JsonObject, OperationName } from '@stowage/core'
import { isJsonObject } from '../read-json-object.ts'
import { TokenError } from '../token-error.ts'
import { type OwnTokenKind, signOwnToken, verifyOwnToken } from '../tokens/own-token.ts'
import { parseScopeClaim, scopeClaim } from '../tokens/scope-claim.ts'
import type { TokenKeys } from '../tokens/token-keys.ts'

/** What a signed URL is for: to read one object, or to write one. */
export type UrlTokenUse = 'download' | 'upload'

/** The object that a signed URL is for. */
export interface UrlTokenTarget {
  readonly bucket: { readonly jurisdiction: string; readonly name: string }
  readonly key: string
}

/** What tokens of signed URLs are made and verified with. */
export interface UrlTokenContext {
  /** Of the purpose `signed-url`. */
  readonly keys: TokenKeys<'signed-url'>
  readonly clock: Clock
}

/** A URL to be signed. Whether the caller may do by itself what the URL does, its signer has asked the engine before. */
export interface UrlTokenInput {
  readonly use: UrlTokenUse
  readonly target: UrlTokenTarget
  /** Who signs: what the URL does is done in this name, under this ceiling, as it is now. */
  readonly caller: Caller
  /** Never later than the credential of the caller ends. */
  readonly expiresInSeconds: number
  /** Of a download: the version that is meant. Default: whichever is current. */
  readonly versionId?: string
  /** Of an upload: whether it may replace what is there. Default false. */
  readonly upsert?: boolean
  /** Of a download: how an image is to be changed, for whoever does that. */
  readonly transformations?: JsonObject
}

/** A signed URL that was verified: what its request may do. */
export interface VerifiedUrlToken {
  /** The caller of this one operation on this one object. */
  readonly caller: Caller
  /** `*` where the upload must not replace anything: to be passed on to the commit, where alone it can be known. */
  readonly ifNoneMatch: '*' | null
  /** Null where none were signed. */
  readonly transformations: JsonObject | null
  readonly expiresAt: Date
}

const KINDS: Readonly<Record<UrlTokenUse, OwnTokenKind>> = {
  download: { typ: 'stowage-download+jwt', aud: 'stowage:download' },
  upload: { typ: 'stowage-upload+jwt', aud: 'stowage:upload' },
}

/** What a request with such a URL may be. */
const OPERATIONS: Readonly<Record<UrlTokenUse, ReadonlySet<OperationName>>> = {
  download: new Set(['GetObject', 'HeadObject']),
  upload: new Set(['PutObject', 'CreateAppendUpload', 'AppendToUpload', 'GetAppendUpload', 'FinishAppendUpload']),
}

/**
 * Makes the token of a signed URL. Its claims are those of Supabase Storage (`url`, `scope`, `upsert`, `transformations`) and ours; who
 * signed is under `frozen`, never in a claim of a user's token.
 *
 * Throws a `TypeError` for a caller whose name nobody may use later: the system, and who came with a signed URL.
 */
export function createUrlToken(input: UrlTokenInput, { keys, clock }: UrlTokenContext): Promise<string> {
  const { use, target, caller, expiresInSeconds, versionId, upsert = false, transformations } = input
  const { account, scope } = caller
  const now = clock()
  const wished = now.getTime() + expiresInSeconds * 1000
  const claims = {
    url: urlOf(target),
    scope: use,
    jur: target.bucket.jurisdiction,
    ...(versionId === undefined ? {} : { ver: versionId }),
    ...(use === 'upload' ? { upsert } : {}),
    ...(transformations === undefined ? {} : { transformations }),
    frozen: frozenOf(caller),
    ...(account === null ? {} : { acc: account }),
    ...(scope === null ? {} : { ceiling: scopeClaim(scope) }),
  }
  const end = Math.min(wished, scope?.notAfter?.getTime() ?? wished)
  if (Number.isNaN(end)) throw new TypeError('a signed URL must end at a time')
  return signOwnToken(claims, KINDS[use], { keys, issuedAt: now, expiresAt: new Date(end) })
}

/** What a request with a signed URL wants to do. */
export interface UrlTokenRequest {
  readonly use: UrlTokenUse
  /** From the request itself. */
  readonly target: UrlTokenTarget
  readonly operation: OperationName
}

/** Verifies the token of a signed URL against the request that shows it. Fails with a `TokenError`. */
export async function verifyUrlToken(token: string, request: UrlTokenRequest, { keys, clock }: UrlTokenContext): Promise<VerifiedUrlToken> {
  const { use, target, operation } = request
  const { claims, expiresAt } = await verifyOwnToken(token, KINDS[use], { keys, now: clock() })
  const { url, scope, jur, ver = null, upsert, transformations = null, frozen, acc: account = null, ceiling } = claims
  // Of what is no name of a bucket, the slash would be read in another place than it was signed in.
  if (target.bucket.name.includes('/')) throw new TokenError('claims', 'The URL was signed for something else.')
  if (scope !== use || url !== urlOf(target) || jur !== target.bucket.jurisdiction || !OPERATIONS[use].has(operation)) {
    throw new TokenError('claims', 'The URL was signed for something else.')
  }
  if (
    !isTextOrNull(ver) ||
    !isTextOrNull(account) ||
    !isJsonObject(frozen) ||
    !(transformations === null || isJsonObject(transformations))
  ) {
    throw new TokenError('claims', 'The token of the URL cannot be read.')
  }
  const principal: GrantPrincipal = { kind: 'grant', operation, bucket: target.bucket, key: target.key, versionId: ver, frozen }
  const caller = { principal, account, scope: ceiling === undefined ? null : parseScopeClaim(ceiling), credentialId: null }
  return { caller, ifNoneMatch: use === 'upload' && upsert !== true ? '*' : null, transformations, expiresAt }
}

/** Names of buckets have no slash: the first one is where the key begins. */
function urlOf({ bucket, key }: UrlTokenTarget): string {
  return `${bucket.name}/${key}`
}

/** Who a grant speaks for, as `callerContext` of the engine reads it: nobody with a `sub` or a role is an account that acts itself. */
function frozenOf({ principal }: Caller): JsonObject {
  if (principal.kind === 'account') return {}
  if (principal.kind === 'anonymous') return { sub: null, role: null }
  if (principal.kind !== 'role') throw new TypeError(`a ${principal.kind} cannot sign a URL`)
  const { sub, role, claims, bypassRls } = principal
  // What it bypasses is asked of the role again when the URL is used; and who denies something to the role, denies it to its URLs.
  return { sub, role, claims, ...(bypassRls ? { bypassRls } : {}) }
}

function isTextOrNull(value: unknown): value is string | null {
  return value === null || typeof value === 'string'
}
