import { hash } from 'node:crypto'
import { systemClock } from '@stowage/core'
import type { Observer } from '@stowage/core'
import type { HttpHandler, HttpRequest, HttpResponse } from '@stowage/http'
import { readPublicUrl } from '../public-url.ts'
import { requestIds } from '../request-ids.ts'
import { parseS3Request } from '../s3-request.ts'
import type { RawS3Request, S3AddressingOptions } from '../s3-request.ts'
import type { CredentialResolver } from '../sigv4/credentials.ts'
import { SigningKeyCache } from '../sigv4/signing-key.ts'
import { parseStsRequest } from './parse-sts-request.ts'
import { readForm } from './read-form.ts'
import { RequestRate, sourceName } from './request-rate.ts'
import { StsFault } from './sts-fault.ts'
import type { IssuedCredential, StsIssuer, StsParameters } from './sts-issuer.ts'
import { faultResponse, identityResponse, issuedResponse } from './sts-response.ts'
import { toStsFault } from './to-sts-fault.ts'
import { verifySts } from './verify-sts.ts'
import type { StsSigner } from './verify-sts.ts'

/** What the security token service stands on. */
export interface StsHandlerOptions {
  /** Makes the credentials. */
  readonly issuer: StsIssuer
  /** Finds the keys that requests are signed with: those of the S3 door, so that temporary ones are recognised, and refused. */
  readonly credentials: CredentialResolver
  /** The region that signatures name. They may name `us-east-1` and `auto` too. */
  readonly region: string
  /** As the S3 door has them. Default: none. */
  readonly publicUrls?: readonly string[]
  /** Of requests from one address, and of one network of IPv6 (/64). Default 600. */
  readonly perAddressMinuteMax?: number
  /** Of credentials for one key, or one user. Default 60. */
  readonly perSubjectMinuteMax?: number
  /** Default: the system's. */
  readonly clock?: () => Date
  /** Hears `sts.issued` for audit, without a secret, and of faults of ours as `fault`. */
  readonly observer?: Observer
}

const PER_ADDRESS_MINUTE_MAX = 600
const PER_SUBJECT_MINUTE_MAX = 60

/**
 * Answers AWS's security token service, version 2011-06-15, as SDKs call it: AssumeRole and GetCallerIdentity, signed, and
 * AssumeRoleWithWebIdentity, which only a token speaks for. To share an address with S3, hand it to `s3Handler` as `sts`.
 */
export function stsHandler(options: StsHandlerOptions): HttpHandler {
  const door = new StsDoor(options)
  return (request) => door.answer(request)
}

class StsDoor {
  readonly #options: StsHandlerOptions
  readonly #clock: () => Date
  readonly #addressing: S3AddressingOptions
  readonly #addresses: RequestRate
  readonly #subjects: RequestRate
  readonly #signingKeys = new SigningKeyCache()
  readonly #nextId = requestIds()

  constructor(options: StsHandlerOptions) {
    const { publicUrls = [], perAddressMinuteMax = PER_ADDRESS_MINUTE_MAX, perSubjectMinuteMax = PER_SUBJECT_MINUTE_MAX } = options
    this.#options = options
    this.#clock = options.clock ?? systemClock
    this.#addressing = { publicUrls: publicUrls.map(readPublicUrl) }
    this.#addresses = new RequestRate({ perMinuteMax: perAddressMinuteMax })
    this.#subjects = new RequestRate({ perMinuteMax: perSubjectMinuteMax })
  }

  async answer(http: HttpRequest): Promise<HttpResponse> {
    const requestId = this.#nextId()
    try {
      return await this.#serve(http, requestId)
    } catch (error) {
      const fault = toStsFault(error)
      if ((fault === null || fault.code === 'ServiceUnavailable') && !http.signal.aborted) {
        this.#options.observer?.event('fault', { requestId, error })
      }
      return faultResponse(fault ?? new StsFault('InternalFailure', 'We encountered an internal error. Please try again.'), requestId)
    }
  }

  async #serve(http: HttpRequest, requestId: string): Promise<HttpResponse> {
    this.#count(this.#addresses, sourceName(http.peer.address))
    const raw = parseS3Request(http, this.#addressing)
    if (http.method !== 'POST' || raw.bucket !== '') throw new StsFault('ValidationError', 'Requests of this service are posted to /.')
    const { fields, body } = await readForm(http, raw.query)
    const request = parseStsRequest(fields)
    if (request.action === 'AssumeRoleWithWebIdentity') {
      const issued = await this.#options.issuer.assumeRoleWithWebIdentity(request)
      // Who it is, is known only now; what was made is kept nowhere.
      this.#count(this.#subjects, userName(issued))
      return this.#issued(issued, request, { requestId, parent: null })
    }
    const signer = await this.#signer(raw, body)
    const { accessKeyId, credential } = signer
    if (request.action === 'GetCallerIdentity') return identityResponse(credential.caller, accessKeyId, requestId)
    this.#count(this.#subjects, `key/${credential.id}`)
    return this.#issued(await this.#options.issuer.assumeRole(request, signer), request, { requestId, parent: accessKeyId })
  }

  #signer(raw: RawS3Request, body: Uint8Array): Promise<StsSigner> {
    const { credentials, region } = this.#options
    const regions = [region, 'us-east-1', 'auto', 'aws-global', '']
    return verifySts(raw, body, { credentials, regions, signingKeys: this.#signingKeys, now: this.#clock() })
  }

  #issued(
    issued: IssuedCredential,
    request: StsParameters & { readonly action: 'AssumeRole' | 'AssumeRoleWithWebIdentity' },
    { requestId, parent }: { readonly requestId: string; readonly parent: string | null },
  ): HttpResponse {
    const { jti, accessKeyId, sub, project, expiration } = issued
    this.#options.observer?.event('sts.issued', {
      requestId,
      action: request.action,
      jti,
      accessKeyId,
      parent,
      project,
      sub,
      session: request.roleSessionName,
      expiresAt: expiration,
    })
    return issuedResponse(issued, request, requestId)
  }

  #count(rate: RequestRate, name: string): void {
    const wait = rate.waitFor(name, this.#clock())
    if (wait === 0) return
    throw new StsFault('Throttling', 'Rate exceeded', { headers: [['retry-after', String(Math.ceil(wait / 1000))]] })
  }
}

/** The name of a user for counting, as a digest: a sub is any text, and as long as a token may be. */
function userName({ project, sub }: IssuedCredential): string {
  return `user/${hash('sha256', JSON.stringify([project, sub]))}`
}
