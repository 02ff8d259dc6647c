import { HttpInputError, optionalHeader } from '@stowage/http'
import type { Caller } from '@stowage/core'
import { fromHttpInputError, S3Error } from '../s3-error.ts'
import type { RawS3Request } from '../s3-request.ts'
import { AuthorizationReader } from './authorization.ts'
import { selectMechanism } from './auth-mechanism.ts'
import type { AuthMechanism } from './auth-mechanism.ts'
import { SKEW_SECONDS_MAX } from './clock-skew.ts'
import type { CredentialResolver } from './credentials.ts'
import { readFormClaim } from './form-auth.ts'
import { readHeaderClaim } from './header-auth.ts'
import { isChunked, parsePayloadMode, UNSIGNED_PAYLOAD } from './payload-mode.ts'
import type { PayloadMode } from './payload-mode.ts'
import { readQueryClaim } from './query-auth.ts'
import type { QueryAuthContext } from './query-auth.ts'
import { SigningKeyCache } from './signing-key.ts'
import { verifyClaim } from './verify-claim.ts'
import type { SignatureClaim, VerifiedClaim, VerifyClaimContext } from './verify-claim.ts'
import { verifyFormClaim } from './verify-form.ts'

/** What requests are verified against. */
export interface RequestVerifierOptions<C = Caller> {
  /** Finds secret and caller by access key id. */
  readonly credentials: CredentialResolver<C>
  /** The region that signatures must name. */
  readonly region: string
  /** `lenient` (the default) also takes requests signed for `us-east-1`, `auto` and no region, which clients send unasked. */
  readonly regionMode?: 'lenient' | 'strict'
  /** The time that a request's own is held against. */
  readonly clock: () => Date
  /** Default 900, as AWS. */
  readonly skewSecondsMax?: number
  /** Keys derived before. Default: a cache of its own. */
  readonly signingKeys?: SigningKeyCache
}

/** How one request is verified. */
export interface VerifyOptions {
  /** From `mechanismOf`. Default: asked for here. */
  readonly mechanism?: AuthMechanism
  /** Takes any region: for operations that clients call to learn the region. */
  readonly anyRegion?: boolean
}

/** Who sent a request, and what is known about its body. */
export type Verification<C = Caller> =
  | { readonly kind: 'anonymous'; readonly payload: PayloadMode }
  | ({ readonly kind: 'signed' } & VerifiedClaim<C>)

/** Tells who sent a request, or refuses it. Anonymous is only who shows no credential at all. */
export class RequestVerifier<C = Caller> {
  readonly #options: RequestVerifierOptions<C>
  readonly #regions: readonly string[]
  readonly #signingKeys: SigningKeyCache
  readonly #authorizations = new AuthorizationReader()

  constructor(options: RequestVerifierOptions<C>) {
    this.#options = options
    this.#regions = options.regionMode === 'strict' ? [options.region] : [options.region, 'us-east-1', 'auto', '']
    this.#signingKeys = options.signingKeys ?? new SigningKeyCache()
  }

  /** How a request proves who sent it; what it proves is for `verify` to say. Fails with an `S3Error`. */
  mechanismOf(request: RawS3Request): AuthMechanism {
    try {
      return selectMechanism(request)
    } catch (error) {
      throw error instanceof HttpInputError ? fromHttpInputError(error) : error
    }
  }

  /** Fails with an `S3Error`; whatever the resolver rejects with passes through. */
  async verify(request: RawS3Request, options: VerifyOptions = {}): Promise<Verification<C>> {
    const mechanism = options.mechanism ?? this.mechanismOf(request)
    try {
      if (mechanism.kind === 'anonymous') return { kind: 'anonymous', payload: anonymousPayload(request) }
      if (mechanism.kind === 'form') throw new S3Error('InvalidRequest', 'Who has sent a form stands in its fields.')
      const claim = this.#readClaim(request, mechanism, options)
      const verified = await verifyClaim(request, claim, this.#context())
      return { kind: 'signed', ...verified }
    } catch (error) {
      throw error instanceof HttpInputError ? fromHttpInputError(error) : error
    }
  }

  /**
   * The same of a form, by its fields (lower-case names). Whether its policy allows it, and has not expired, is not asked here. Fails with an
   * `S3Error`; whatever the resolver rejects with passes through.
   */
  async verifyForm(fields: ReadonlyMap<string, string>): Promise<Verification<C>> {
    const claim = readFormClaim(fields, this.#claimContext(false))
    if (claim === null) return { kind: 'anonymous', payload: UNSIGNED_PAYLOAD }
    return { kind: 'signed', ...(await verifyFormClaim(claim, this.#context())) }
  }

  #context(): VerifyClaimContext<C> {
    const { credentials, clock } = this.#options
    return { credentials, signingKeys: this.#signingKeys, now: clock() }
  }

  #claimContext(anyRegion: boolean): QueryAuthContext {
    const { clock, skewSecondsMax = SKEW_SECONDS_MAX } = this.#options
    return { regions: anyRegion ? null : this.#regions, now: clock(), skewSecondsMax }
  }

  #readClaim(
    request: RawS3Request,
    mechanism: Extract<AuthMechanism, { kind: 'header' | 'query' }>,
    options: VerifyOptions,
  ): SignatureClaim {
    const context = this.#claimContext(options.anyRegion === true)
    if (mechanism.kind === 'query') return readQueryClaim(request, context)
    return readHeaderClaim(request, mechanism.authorization, { ...context, authorizations: this.#authorizations })
  }

  /** Forgets what was derived from a credential that was revoked. */
  forget(credentialId: string): void {
    this.#signingKeys.drop(credentialId)
  }
}

function anonymousPayload(request: RawS3Request): PayloadMode {
  const value = optionalHeader(request.headers, 'x-amz-content-sha256')
  const payload = value === null ? UNSIGNED_PAYLOAD : parsePayloadMode(value)
  // The seed signature is what makes a chunked body somebody's (CVE-2026-41145: a body mode that stood in for a signature).
  if (isChunked(payload)) throw new S3Error('AccessDenied', 'A streaming body needs a signed request.')
  return payload
}
