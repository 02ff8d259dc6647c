import { createHmac } from 'node:crypto'
import { type Caller, type Clock, intersectScopes, type Scope } from '@stowage/core'
import type { JwtVerifier } from '../jwt/jwt-verifier.ts'
import { roleCaller, type Roles } from '../roles.ts'
import { refusalOf } from '../s3/refusal-of.ts'
import type { FoundS3Credential, S3Credential, S3CredentialResolver } from '../s3/s3-credential.ts'
import { secretBytes } from '../secret-bytes.ts'
import { TokenError } from '../token-error.ts'
import { type OwnTokenKind, signOwnToken, verifyOwnToken } from '../tokens/own-token.ts'
import type { DerivedKeys, TokenKeys } from '../tokens/token-keys.ts'
import { createAccessKeyId, isTemporaryAccessKeyId } from './access-key-id.ts'
import { parseSessionPolicy } from './parse-session-policy.ts'
import { refuseIdentity } from './refuse-identity.ts'
import type { RevocationList } from './revocations.ts'
import { isSecretNamed, type NamedSecret, secretName } from './secret-name.ts'
import { formatSessionClaims, parseSessionClaims, type SessionClaims, type SessionParent } from './session-claims.ts'
import { StsError, type StsParameters, type StsRequest, type StsResult } from './sts-request.ts'

/** Finds keys that do not expire by themselves, by their access key id; null for one that does not exist or was revoked. */
export interface ParentFinder {
  find(accessKeyId: string): S3Credential | null | Promise<S3Credential | null>
}

/** What temporary credentials are made and verified with. */
export interface TemporaryCredentialsOptions {
  /** Of the purpose `sts`. */
  readonly keys: TokenKeys<'sts'>
  /** The endpoint where they are shown; those of another one are refused. */
  readonly audience: string
  /** The time that those of tokens are held against. */
  readonly clock: Clock
  /** The keys that they may be made from, asked again with every request. */
  readonly parents: ParentFinder
  /** Those that were taken back. */
  readonly revocations: RevocationList
  /** Verifies web identities: the same that verifies user tokens at every other door. */
  readonly verifier: JwtVerifier
  /** The roles that there are, asked again with every request. */
  readonly roles: Roles
  /** The project whose users they may stand for, as it is told of what was made. Default: null, there are no projects. */
  readonly project?: string | null
  /** Whose buckets the project's are. */
  readonly account: string | null
  /** Whether a web identity may name a role that bypasses row-level security. Default false. */
  readonly allowBypassRls?: boolean
  /** Reads a session policy as a scope, or throws. Default: `parseSessionPolicy`. */
  readonly readSessionPolicy?: (policy: string) => Scope
  /** The claims of a web identity that go into the token. Default: all, so that policies decide as they do for the identity itself. */
  readonly claimNames?: readonly string[]
  /** Of a session token, in characters: it comes with every request. Default 4,096. */
  readonly tokenLengthMax?: number
}

/** The key that a request was signed with, as the verifier of its signature gave it back. */
export interface ParentKey {
  readonly accessKeyId: string
  readonly credential: S3Credential
}

/** A key and what is wanted of it. */
export interface IssueFromKey {
  readonly parent: ParentKey
  readonly scope: Scope
  readonly durationSeconds: number
}

const TYP = 'sts+jwt'
const DURATION_SECONDS = { min: 900, default: 3600, max: 43_200 }
const TOKEN_LENGTH_MAX = 4096
const JTI_BYTES = 16

/**
 * Temporary credentials that are kept nowhere: the session token says everything, and the secret beside it cannot be computed from it.
 * They can only ever do less than what they were made from, which is looked up again with every request.
 */
export class TemporaryCredentials implements S3CredentialResolver {
  readonly #options: TemporaryCredentialsOptions
  readonly #kind: OwnTokenKind

  constructor(options: TemporaryCredentialsOptions) {
    this.#options = options
    this.#kind = { typ: TYP, aud: options.audience }
  }

  /** Makes one from the key that the request was signed with. Fails with a `StsError`. */
  async assumeRole(request: StsParameters, parent: ParentKey): Promise<StsResult> {
    return await this.issueFromKey({ parent, scope: this.#sessionPolicy(request), durationSeconds: duration(request) })
  }

  /** Makes one that stands for a user. Fails with a `StsError`. */
  async assumeRoleWithWebIdentity(request: Extract<StsRequest, { readonly action: 'AssumeRoleWithWebIdentity' }>): Promise<StsResult> {
    const { verifier, allowBypassRls = false, claimNames } = this.#options
    const scope = this.#sessionPolicy(request)
    const seconds = duration(request)
    const jwt = await verifier.verify(request.webIdentityToken).catch(refuseIdentity)
    if (jwt.bypassRls && !allowBypassRls) throw new StsError('AccessDenied', 'This role cannot be assumed.')
    const { role, sub, claims, kid, keyFingerprint: fingerprint } = jwt
    const { session_id: sessionId } = claims
    const kept =
      claimNames === undefined ? claims : Object.fromEntries(Object.entries(claims).filter(([name]) => claimNames.includes(name)))
    const key = { kid, secret: secretName({ kind: 'jwt', fingerprint }, this.#options.keys.newest) }
    const parent = { kind: 'jwt', key, role, sub, claims: kept, sessionId: typeof sessionId === 'string' ? sessionId : null } as const
    return this.#issue(parent, { scope, durationSeconds: seconds, endsAt: jwt.exp })
  }

  /** Makes one from a key, for as long as the caller of this has checked that it may be. Fails with a `StsError`. */
  async issueFromKey({ parent: { accessKeyId, credential }, scope, durationSeconds }: IssueFromKey): Promise<StsResult> {
    // Whatever a temporary credential made would outlive its revocation.
    if (credential.sessionToken !== undefined) throw new StsError('AccessDenied', 'A temporary credential cannot make another one.')
    const secret = secretName(namedSecret(accessKeyId, credential), this.#options.keys.newest)
    const parent = { kind: 'key', accessKeyId, secret } as const
    return await this.#issue(parent, { scope, durationSeconds, endsAt: credential.expiresAt ?? null })
  }

  /** The credential of an access key id and its session token; null where the access key id is none of a temporary credential. */
  find(accessKeyId: string, sessionToken: string | null): FoundS3Credential | Promise<FoundS3Credential> {
    if (sessionToken === null || !isTemporaryAccessKeyId(accessKeyId)) return null
    return this.#verify(accessKeyId, sessionToken).catch(refusalOf)
  }

  async #issue(
    parent: SessionParent,
    wanted: { readonly scope: Scope; readonly durationSeconds: number; readonly endsAt: Date | null },
  ): Promise<StsResult> {
    const { keys, clock, project = null, tokenLengthMax = TOKEN_LENGTH_MAX } = this.#options
    const issuedAt = clock()
    const wished = issuedAt.getTime() + wanted.durationSeconds * 1000
    const expiresAt = new Date(Math.floor(Math.min(wished, wanted.endsAt?.getTime() ?? wished) / 1000) * 1000)
    const accessKeyId = createAccessKeyId()
    const { jti, secretAccessKey } = newSecret(keys.newest)
    const claims = formatSessionClaims({ accessKeyId, jti, parent, scope: wanted.scope })
    const sessionToken = await signOwnToken(claims, this.#kind, { keys, issuedAt, expiresAt })
    if (sessionToken.length > tokenLengthMax) throw new StsError('PackedPolicyTooLarge', 'Session policy and claims are too large.')
    const user = parent.kind === 'jwt' ? { sub: parent.sub, project } : { sub: null, project: null }
    return { jti, accessKeyId, secretAccessKey, sessionToken, expiration: expiresAt, ...user }
  }

  async #verify(accessKeyId: string, sessionToken: string): Promise<FoundS3Credential> {
    const { keys, clock, revocations } = this.#options
    const now = clock()
    const verified = await verifyOwnToken(sessionToken, this.#kind, { keys, now })
    const session = parseSessionClaims(verified.claims)
    if (session.accessKeyId !== accessKeyId) throw new TokenError('claims', 'The token is of another access key.')
    const { jti, parent, issuedAt, scope } = session
    const revocable = parent.kind === 'jwt' ? { sub: parent.sub, sessionId: parent.sessionId } : { sub: null, sessionId: null }
    if (await revocations.isRevoked({ jti, issuedAt, ...revocable })) throw revoked()
    const caller = await this.#callerOf(session, verified.keys, now)
    const ceiling = intersectScopes(caller.scope ?? {}, intersectScopes(scope, { notAfter: verified.expiresAt }))
    return {
      id: `sts/${jti}`,
      version: '1',
      secretAccessKey: secretOf(jti, verified.keys),
      sessionToken,
      expiresAt: verified.expiresAt,
      caller: { ...caller, scope: ceiling, credentialId: accessKeyId },
    }
  }

  /** Who the parent is now: nothing of it was written down that could have been taken away since. */
  async #callerOf({ parent }: SessionClaims, keys: DerivedKeys, now: Date): Promise<Caller> {
    const { parents, roles, account, verifier, allowBypassRls = false } = this.#options
    if (parent.kind === 'key') {
      const key = await parents.find(parent.accessKeyId)
      if (key === null || key.sessionToken !== undefined) throw revoked()
      // Another secret is another key: whoever has replaced it wants nothing of the former one to last.
      if (!isSecretNamed(parent.secret, namedSecret(parent.accessKeyId, key), keys)) throw revoked()
      if (key.expiresAt !== undefined && !(now < key.expiresAt)) throw new TokenError('expired', 'The key has expired.')
      return key.caller
    }
    // A key that verifies no token any more has none behind a credential either.
    const signers = await verifier.keysNamed(parent.key.kid)
    if (!signers.some(({ fingerprint }) => isSecretNamed(parent.key.secret, { kind: 'jwt', fingerprint }, keys))) throw revoked()
    const caller = roleCaller({ roles, role: parent.role, sub: parent.sub, claims: parent.claims, account, credentialId: null })
    if (caller === null || (roles.get(parent.role)?.bypassRls === true && !allowBypassRls)) throw revoked()
    return caller
  }

  #sessionPolicy({ policy }: StsParameters): Scope {
    const { readSessionPolicy = parseSessionPolicy } = this.#options
    if (policy === null) return {}
    try {
      return readSessionPolicy(policy)
    } catch (error) {
      // Empty or malformed: nothing is allowed, least of all everything.
      const reason = error instanceof TypeError ? error.message : 'it cannot be read'
      throw new StsError('MalformedPolicyDocument', `The session policy is not accepted: ${reason}.`, { cause: error })
    }
  }
}

function duration({ durationSeconds }: StsParameters): number {
  const seconds = durationSeconds ?? DURATION_SECONDS.default
  if (!Number.isInteger(seconds) || seconds < DURATION_SECONDS.min || seconds > DURATION_SECONDS.max) {
    throw new StsError('ValidationError', `DurationSeconds must be a whole number from ${DURATION_SECONDS.min} to ${DURATION_SECONDS.max}.`)
  }
  return seconds
}

/** The account, too: a key that somebody else has now is another one. */
function namedSecret(accessKeyId: string, { secretAccessKey, caller }: S3Credential): NamedSecret {
  return { kind: 'key', accessKeyId, account: caller.account, secretAccessKey }
}

/** An id, and the secret that follows from it. It begins with no dash: on a command line it would be an option. */
function newSecret(keys: DerivedKeys): { readonly jti: string; readonly secretAccessKey: string } {
  for (;;) {
    const jti = secretBytes(JTI_BYTES).toString('base64url')
    const secretAccessKey = secretOf(jti, keys)
    if (!secretAccessKey.startsWith('-')) return { jti, secretAccessKey }
  }
}

/** Only who has our secret can compute it: whoever is given a URL has the token, and must not have the credential. */
function secretOf(jti: string, { deriving }: DerivedKeys): string {
  return createHmac('sha256', deriving).update(`secret${jti}`).digest('base64url')
}

function revoked(): TokenError {
  return new TokenError('revoked', 'The credential was taken back.')
}
