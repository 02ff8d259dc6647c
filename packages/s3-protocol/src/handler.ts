import { ANONYMOUS, systemClock } from '@stowage/core'
import type { BucketAddress, Caller, Engine, Observer, RequestFacts, Session } from '@stowage/core'
import type { HttpHandler, HttpRequest, HttpResponse } from '@stowage/http'
import { bucketFromHost } from './bucket-from-host.ts'
import { errorResponse, internalErrorResponse } from './error-response.ts'
import { isKnownHeader } from './known-headers.ts'
import type { ErrorContext } from './error-response.ts'
import { arriveForm } from './forms/arrive-form.ts'
import type { DisplayName, FormPayload, Operation, OperationContext, OperationRequest, Redirects } from './operation.ts'
import { OPERATIONS } from './operations/index.ts'
import { readChecksumAlgorithm } from './operations/fields/checksum-fields.ts'
import { readCopySource } from './operations/fields/copy-source.ts'
import { readPayload } from './read-payload.ts'
import { requestFacts } from './request-facts.ts'
import { requestIds } from './request-ids.ts'
import { jurisdictionFromHost } from './jurisdiction-from-host.ts'
import type { Jurisdiction } from './jurisdiction-from-host.ts'
import { isBelow, readPublicUrl } from './public-url.ts'
import { createRouter } from './route.ts'
import { formOperation, implemented, placeOf } from './routed-operation.ts'
import type { Routed } from './route.ts'
import { S3Error } from './s3-error.ts'
import { S3Headers } from './s3-headers.ts'
import { S3Query } from './s3-query.ts'
import { parseS3Request } from './s3-request.ts'
import type { RawS3Request, S3AddressingOptions } from './s3-request.ts'
import type { AuthMechanism } from './sigv4/auth-mechanism.ts'
import type { CredentialResolver } from './sigv4/credentials.ts'
import { presignedHeaders } from './sigv4/query-auth.ts'
import { RequestVerifier } from './sigv4/request-verifier.ts'
import type { Verification } from './sigv4/request-verifier.ts'
import { isStsRequest } from './sts/is-sts-request.ts'

/** What the S3 door stands on. */
export interface S3HandlerOptions {
  /** Whose buckets and objects are served. */
  readonly engine: Engine
  /** Finds the secret behind an access key, and who is meant by it. */
  readonly credentials: CredentialResolver
  /** The region that clients are told. They may sign for `us-east-1` and `auto` too. */
  readonly region: string
  /** Host names under which buckets have names of their own (virtual-host style): see `bucketFromHost`. Default: none, the path names the bucket. */
  readonly domains?: readonly string[]
  /**
   * Where clients reach the door, such as `https://example.com/storage/v1/s3`, when something on the way rewrites Host or takes a path
   * off: what they signed. At most 8. Default: where requests arrive.
   */
  readonly publicUrls?: readonly string[]
  /**
   * Hosts under which the buckets of a jurisdiction are found, and no others: that host itself, and whatever ends with it. A bucket of a
   * jurisdiction is reachable there only. Default: none; every bucket is of the default one.
   */
  readonly jurisdictions?: readonly Jurisdiction[]
  /** Answers requests to the security token service, which come to the same address: see `stsHandler`. Default: there is none. */
  readonly sts?: HttpHandler
  /** What an account is called where owners are shown. Default: its id. */
  readonly displayName?: DisplayName
  /**
   * Sends reads of whole objects on to the backend where it presigns (`307`): those by presigned URL and those without a signature, which
   * browsers and plain HTTP clients make. SDKs sign headers and follow no redirect: they get the bytes from here. Who has such an address
   * reads on until it expires, whatever is revoked meanwhile; its answer has the backend's ETag, and no metadata of the object. Default: off.
   */
  readonly redirects?: Redirects
  /** What requests' times are held against. Default: the system's clock. */
  readonly clock?: () => Date
  /** Hears of faults of ours, as `fault` with the request id; never of what clients do. */
  readonly observer?: Observer
}

/** Answers S3 requests from an engine: route, authenticate, decode, run, encode; errors as AWS writes them. */
export function s3Handler(options: S3HandlerOptions): HttpHandler {
  const door = new S3Door(options)
  return (request) => door.answer(request)
}

class S3Door {
  readonly #engine: Engine
  readonly #region: string
  readonly #clock: () => Date
  readonly #observer: Observer | undefined
  readonly #verifier: RequestVerifier
  readonly #route = createRouter(OPERATIONS)
  readonly #nextId = requestIds()
  readonly #addressing: S3AddressingOptions
  readonly #displayName: DisplayName
  readonly #sts: HttpHandler | undefined
  readonly #redirects: Redirects | null

  constructor(options: S3HandlerOptions) {
    this.#engine = options.engine
    this.#region = options.region
    this.#clock = options.clock ?? systemClock
    this.#observer = options.observer
    this.#displayName = options.displayName ?? ((account) => account)
    this.#addressing = addressing(options)
    this.#sts = options.sts
    this.#redirects = options.redirects ?? null
    this.#verifier = new RequestVerifier({ credentials: options.credentials, region: options.region, clock: this.#clock })
  }

  async answer(http: HttpRequest): Promise<HttpResponse> {
    if (this.#sts !== undefined && isStsRequest(http, this.#addressing)) return this.#sts(http)
    const requestId = this.#nextId()
    let response: HttpResponse
    try {
      response = await this.#serve(http, requestId)
    } catch (error) {
      response = this.#refuse(error, http, requestId)
    }
    return { status: response.status, headers: [...response.headers, ['x-amz-request-id', requestId]], body: response.body }
  }

  async #serve(http: HttpRequest, requestId: string): Promise<HttpResponse> {
    const parsed = parseS3Request(http, this.#addressing)
    const { asReceived } = parsed
    const raw = asReceived !== null && (await this.#isSigned(asReceived)) ? asReceived : parsed
    const query = new S3Query(raw.query)
    const mechanism = this.#verifier.mechanismOf(raw)
    const headers = new S3Headers(mechanism.kind === 'query' ? presignedHeaders(raw) : raw.headers)
    const routed = this.#route({ method: raw.method, on: placeOf(raw), query, headers })
    const arrived = { raw, query, mechanism, requestId }
    if (mechanism.kind === 'form') return this.#serveForm(formOperation(routed, raw), arrived)
    const verification = await this.#verifier.verify(raw, { mechanism, anyRegion: anyRegion(routed) })
    const operation = implemented(routed, raw)
    refuseUnknownHeaders(headers, operation)
    return this.#run(operation, { ...arrived, headers, verification, form: null })
  }

  async #serveForm(operation: Operation, arrived: Located): Promise<HttpResponse> {
    const form = await arriveForm(arrived.raw, { verifier: this.#verifier, now: this.#clock() })
    try {
      const { headers, verification } = form
      return await this.#run(operation, { ...arrived, headers, verification, form: form.payload })
    } catch (error) {
      // Whoever was to read the file may never have got it.
      await form.abandon()
      throw error
    }
  }

  async #run(operation: Operation, { raw, query, mechanism, requestId, headers, verification, form }: Verified): Promise<HttpResponse> {
    if (verification.kind === 'anonymous') refuseOverrides(query)
    const caller = verification.kind === 'signed' ? verification.credential.caller : ANONYMOUS
    const now = this.#clock()
    const facts = requestFacts({ raw, headers, mechanism, verification, now })
    if (EXPECTED_OWNERS.some((name) => headers.has(name))) await this.#checkExpectedOwners({ caller, facts, raw, headers })
    const context: OperationContext = {
      region: this.#region,
      requestId,
      url: raw.url,
      displayName: this.#displayName,
      redirects: mechanism.kind === 'header' ? null : this.#redirects,
      now,
    }
    const body = form ?? (await readPayload(operation, { raw, verification, headers }))
    const request: OperationRequest = { bucket: addressOf(raw), key: raw.key, query, headers, body, signal: raw.http.signal }
    const session = this.#engine.as(caller, { operation: operation.engineName, at: now, facts })
    return operation.handle(session, request, context)
  }

  /** Whether the client has sent, and signed, a request as it was received. Whether it may is asked later. */
  async #isSigned(raw: RawS3Request): Promise<boolean> {
    try {
      return (await this.#verifier.verify(raw, { anyRegion: true })).kind === 'signed'
    } catch (error) {
      if (error instanceof S3Error) return false
      throw error
    }
  }

  /** A bucket of somebody else than the client believes is refused, before it is touched. */
  async #checkExpectedOwners({ caller, facts, raw, headers }: Arriving): Promise<void> {
    const [ofBucket, ofSource] = EXPECTED_OWNERS.map((name) => headers.get(name))
    const session = this.#engine.as(caller, { operation: 'HeadBucket', facts })
    const bucket = addressOf(raw)
    await checkExpectedOwner(session, bucket, ofBucket)
    if (ofSource === undefined || !headers.has('x-amz-copy-source')) return
    await checkExpectedOwner(session, readCopySource(headers, bucket).bucket, ofSource)
  }

  #refuse(error: unknown, http: HttpRequest, requestId: string): HttpResponse {
    const context: ErrorContext = {
      requestId,
      resource: pathOf(http.target),
      head: http.method === 'HEAD',
      conditional: http.headers.some(([name]) => name === 'if-match' || name === 'if-none-match'),
    }
    const response = errorResponse(error, context)
    // A client that went away is nobody's fault, and hears nothing. What is missing here is said by name: no fault either.
    if (isFault(response) && !http.signal.aborted) this.#observer?.event('fault', { requestId, error })
    return response ?? internalErrorResponse(context)
  }
}

/** Of the bucket, and of the source's. */
const EXPECTED_OWNERS = ['x-amz-expected-bucket-owner', 'x-amz-source-expected-bucket-owner'] as const

async function checkExpectedOwner(session: Session, bucket: BucketAddress, expected: string | undefined): Promise<void> {
  if (expected === undefined || bucket.name === '') return
  await session.expectOwner({ bucket, account: expected })
}

/** The bucket that a request names, in the jurisdiction of the host that it was sent to. */
function addressOf({ bucket, jurisdiction }: RawS3Request): BucketAddress {
  return jurisdiction === null ? { name: bucket } : { name: bucket, jurisdiction }
}

/** A request that has found its row of the table. */
interface Located {
  readonly raw: RawS3Request
  readonly query: S3Query
  readonly mechanism: AuthMechanism
  readonly requestId: string
}

/** A request whose signature, if it has one, is right. */
interface Verified extends Located {
  readonly headers: S3Headers
  readonly verification: Verification
  /** What came in a form; null for what did not. */
  readonly form: FormPayload | null
}

/** A request whose sender is known. */
interface Arriving {
  readonly caller: Caller
  readonly facts: RequestFacts['facts']
  readonly raw: RawS3Request
  readonly headers: S3Headers
}

/** Each one more is a signature more to compute for whoever sends a wrong one. */
const PUBLIC_URLS_MAX = 8

function addressing({ domains, jurisdictions, publicUrls = [] }: S3HandlerOptions): S3AddressingOptions {
  if (publicUrls.length > PUBLIC_URLS_MAX) throw new TypeError(`There can be at most ${PUBLIC_URLS_MAX} public addresses.`)
  const addresses = publicUrls.map(readPublicUrl)
  for (const { host, path } of addresses) {
    // A signature over `/data/b/k` there would be for two buckets.
    const inner = addresses.find((other) => other.host === host && other.path !== path && isBelow(path, other.path))
    if (inner !== undefined) throw new TypeError(`The public address ${inner.origin}${inner.path} lies below another one of that host.`)
  }
  return {
    ...(domains === undefined ? {} : { bucketFromHost: bucketFromHost(domains) }),
    ...(jurisdictions === undefined ? {} : { jurisdictionFromHost: jurisdictionFromHost(jurisdictions) }),
    publicUrls: addresses,
  }
}

function isFault(response: HttpResponse | null): boolean {
  return response === null || (response.status >= 500 && response.status !== 501)
}

/** Whoever makes up a link to somebody's public object must not choose what a browser takes it for. API_GetObject. */
function refuseOverrides(query: S3Query): void {
  if (query.names.some((name) => name.startsWith('response-'))) {
    throw new S3Error('InvalidRequest', 'Request specific response headers cannot be used for anonymous GET requests.')
  }
}

/** Operations that clients call to learn the region. */
function anyRegion(routed: Routed): boolean {
  return routed.outcome === 'operation' && (routed.operation.name === 'GetBucketLocation' || routed.operation.name === 'ListBuckets')
}

function refuseUnknownHeaders(headers: S3Headers, operation: Operation): void {
  for (const [name] of headers.all) {
    if (isKnownHeader(name, operation.name)) continue
    // A checksum that we cannot compute is a claim that we cannot hold the bytes against.
    if (name.startsWith('x-amz-checksum-')) readChecksumAlgorithm(name.slice('x-amz-checksum-'.length), name)
    throw new S3Error('NotImplemented', `A header you provided implies functionality that is not implemented: ${name}`, {
      fields: { Header: name },
    })
  }
}

function pathOf(target: string): string {
  const mark = target.indexOf('?')
  return mark < 0 ? target : target.slice(0, mark)
}
