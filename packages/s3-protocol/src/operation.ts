import type { HttpResponse } from '@stowage/http'
import type { BucketAddress, ByteSource, ExpectedContent, OperationName, Session } from '@stowage/core'
import type { S3Headers } from './s3-headers.ts'
import type { S3Query } from './s3-query.ts'

/** Which requests a row answers. */
export interface OperationMatch {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE'
  readonly on: 'service' | 'bucket' | 'object'
  /** Query words that must be there, with a value where only that one counts. */
  readonly query?: Readonly<Record<string, true | string>>
  /** A header that must be there. */
  readonly header?: string
  /** Sub-resource words that may be there and that the row reads; any other one makes the row not match. */
  readonly reads?: readonly string[]
}

/** What a row wants of the body: none, a small document, the bytes as they come, or those of the file in a form. */
export type Payload = 'none' | 'document' | 'stream' | 'form'

/** Bytes on their way in, with everything that the client has claimed about them. */
export interface StreamPayload {
  readonly source: ByteSource
  readonly expected: ExpectedContent
}

/** The file in a form on its way in, with what its fields say that is no header. */
export interface FormPayload extends StreamPayload {
  readonly key: string
  /** A Tagging document. Null where the field did not come, as of those below. */
  readonly tagging: string | null
  /** Where to send the browser next. */
  readonly redirect: string | null
  /** The status that is wanted where it is sent nowhere. */
  readonly status: string | null
}

interface PayloadBody {
  readonly none: null
  readonly document: Uint8Array
  readonly stream: StreamPayload
  readonly form: FormPayload
}

/** An authenticated request, as an operation sees it. */
export interface OperationRequest<P extends Payload = Payload> {
  /** Its name is '' on the service. */
  readonly bucket: BucketAddress
  /** '' on the service and on a bucket, a form's among them. */
  readonly key: string
  readonly query: S3Query
  readonly headers: S3Headers
  readonly body: PayloadBody[P]
  readonly signal: AbortSignal
}

/** What an account is called. */
export type DisplayName = (account: string) => string

/** Which reads are sent on to the backend: see `S3HandlerOptions.redirects`. */
export interface Redirects {
  /** How long such an address is good: 1 to 60 seconds. */
  readonly expiresInSeconds: number
  /** Smaller objects are not worth a second request, in bytes. */
  readonly sizeMin: number
}

/** What an operation may know about the door it stands in. */
export interface OperationContext {
  readonly region: string
  readonly requestId: string
  /** Scheme, host and path of the resource, as the client writes them. */
  readonly url: string
  /** What an account is called where owners are shown. */
  readonly displayName: DisplayName
  /** Null where this request must not be sent on. */
  readonly redirects: Redirects | null
  /** For reading two-digit years in dates. */
  readonly now: Date
}

/** One row of the table. The type parameters are closed over, so that rows of any shape fit in one array. */
export interface Operation {
  readonly name: string
  /** What the engine, and so the policy, is told that this is. */
  readonly engineName: OperationName
  readonly match: OperationMatch
  readonly payload: Payload
  /** True where `x-amz-checksum-*` speaks of an object, and not of the document that is sent. */
  readonly checksumsOfObject: boolean
  /** What AWS does under this name and this row refuses, in a few words each. */
  readonly lacks: readonly string[]
  handle(session: Session, request: OperationRequest, context: OperationContext): Promise<HttpResponse>
}

/** Makes a row of the table from three steps: `decode` and `encode` are synchronous and pure, `run` asks the engine. */
export function defineOperation<P extends Payload, Input, Output>(definition: {
  readonly name: string
  readonly engineName: OperationName
  readonly match: OperationMatch
  readonly payload: P
  /** Default false. */
  readonly checksumsOfObject?: boolean
  /** Default none. */
  readonly lacks?: readonly string[]
  readonly decode: (request: OperationRequest<P>, context: OperationContext) => Input
  readonly run: (session: Session, input: Input, context: OperationContext) => Promise<Output>
  readonly encode: (output: Output, input: Input, context: OperationContext) => HttpResponse
}): Operation {
  const { name, engineName, match, payload, checksumsOfObject = false, lacks = [], decode, run, encode } = definition
  return {
    name,
    engineName,
    match,
    payload,
    checksumsOfObject,
    lacks,
    async handle(session, request, context) {
      // The handler made the body by `payload`, which is P.
      const input = decode(request as OperationRequest<P>, context)
      return encode(await run(session, input, context), input, context)
    },
  }
}
