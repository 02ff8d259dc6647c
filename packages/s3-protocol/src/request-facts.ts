import type { RequestFacts } from '@stowage/core'
import type { S3Headers } from './s3-headers.ts'
import type { RawS3Request } from './s3-request.ts'
import type { AuthMechanism } from './sigv4/auth-mechanism.ts'
import { parseAmzDate } from './sigv4/clock-skew.ts'
import type { Verification } from './sigv4/request-verifier.ts'

/** Headers of S3 that policies may ask about; as facts only of requests whose signature covers them. */
const SIGNED_HEADERS: ReadonlySet<string> = new Set([
  'x-amz-acl',
  'x-amz-content-sha256',
  'x-amz-copy-source',
  'x-amz-metadata-directive',
  'x-amz-server-side-encryption',
  'x-amz-server-side-encryption-aws-kms-key-id',
  'x-amz-storage-class',
])

/** AWS: amazon-s3-policy-keys, `s3:authType`. Who shows nothing has none. */
const AUTH_TYPES: Readonly<Record<AuthMechanism['kind'], string | null>> = {
  header: 'REST-HEADER',
  query: 'REST-QUERY-STRING',
  form: 'POST',
  anonymous: null,
}

/** What facts are read from. */
export interface FactSource {
  readonly raw: RawS3Request
  readonly headers: S3Headers
  readonly mechanism: AuthMechanism
  readonly verification: Verification
  readonly now: Date
}

/**
 * What this server found out about a request, for policies: a closed list, looked up when it is asked for. Nothing is taken from the query.
 * `referer` and `userAgent` are what the client says, and a condition on them is no protection.
 */
export function requestFacts(source: FactSource): RequestFacts['facts'] {
  return { get: (name) => factOf(name, source) ?? undefined }
}

function factOf(name: string, { raw, headers, mechanism, verification, now }: FactSource): string | number | boolean | null {
  switch (name) {
    case 'sourceIp':
      return raw.http.peer.address
    case 'secureTransport':
      return raw.http.peer.encrypted
    case 'referer':
      return headerText(headers, 'referer')
    case 'userAgent':
      return headerText(headers, 'user-agent')
    case 'authType':
      return verification.kind === 'signed' ? AUTH_TYPES[mechanism.kind] : null
    case 'signatureVersion':
      return verification.kind === 'signed' ? 'AWS4-HMAC-SHA256' : null
    case 'signatureAge':
      return verification.kind === 'signed' && mechanism.kind !== 'header' ? ageOf(verification.seed.amzDate, now) : null
    default:
      return SIGNED_HEADERS.has(name) && verification.kind === 'signed' ? headerText(headers, name) : null
  }
}

/** In milliseconds. AWS: amazon-s3-policy-keys, `s3:signatureAge`. */
function ageOf(amzDate: string, now: Date): number | null {
  const signed = parseAmzDate(amzDate)
  return signed === null ? null : now.getTime() - signed.getTime()
}

/** As many as came, joined as in HTTP (RFC 9110 section 5.3). */
function headerText(headers: S3Headers, name: string): string | null {
  const values = headers.all.filter(([each]) => each === name).map(([, value]) => value)
  return values.length === 0 ? null : values.join(', ')
}
