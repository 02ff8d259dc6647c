import { requiredField } from '../forms/form-error.ts'
import { S3Error } from '../s3-error.ts'
import { ALGORITHM, SIGNATURE } from './authorization.ts'
import { parseAmzDate } from './clock-skew.ts'
import { checkScope, parseScopedCredential } from './credential-scope.ts'
import type { ScopedCredential } from './credential-scope.ts'
import type { QueryAuthContext } from './query-auth.ts'

/** The fields of a form, by lower-case name. */
type Fields = ReadonlyMap<string, string>

/** The signature that a form carries in its fields: well-formed and in time, not yet verified. */
export interface FormClaim extends ScopedCredential {
  /** YYYYMMDDTHHMMSSZ. */
  readonly amzDate: string
  /** The string to sign: the policy in base64, as it came. */
  readonly policy: string
  /** 64 lower-case hexadecimal digits. */
  readonly signature: string
  /** null where none was sent. */
  readonly sessionToken: string | null
}

const REQUIRED = ['policy', 'X-Amz-Algorithm', 'X-Amz-Credential', 'X-Amz-Date', 'X-Amz-Signature'] as const
const SIGNING: ReadonlySet<string> = new Set([...REQUIRED.map((name) => name.toLowerCase()), 'x-amz-security-token'])

/** The fields that are about the signature, in lower case; no attribute of an object. */
export function isSigningField(name: string): boolean {
  return SIGNING.has(name)
}

/** How long a signature is good for at most, whatever its policy says: seven days (AWS: bucket-policy-s3-sigv4-conditions). */
const FORM_SECONDS_MAX = 604_800

/**
 * Reads the signature of a form (AWS: sigv4-authentication-HTTPPOST); null where it carries none of its fields, and so comes from nobody.
 *
 * Fails with an `S3Error` for what is not well-formed, not for us, not yet or no longer good, and for Signature Version 2 by name.
 */
export function readFormClaim(fields: Fields, context: QueryAuthContext): FormClaim | null {
  if (fields.has('awsaccesskeyid') || fields.has('signature')) {
    throw new S3Error('InvalidRequest', 'The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.')
  }
  if (![...SIGNING].some((name) => fields.has(name))) return null
  const [policy, algorithm, credential, amzDate, signature] = REQUIRED.map((name) => requiredField(fields, name))
  if (algorithm === 'AWS4-ECDSA-P256-SHA256') {
    throw new S3Error('NotImplemented', 'Signature Version 4A is not supported. Please use AWS4-HMAC-SHA256.')
  }
  if (algorithm !== ALGORITHM) throw malformed('X-Amz-Algorithm', algorithm, `X-Amz-Algorithm only supports "${ALGORITHM}"`)
  const scoped = readCredential(credential ?? '', context)
  checkTime(amzDate ?? '', scoped.scope.date, context)
  if (signature === undefined || !SIGNATURE.test(signature)) {
    throw malformed('X-Amz-Signature', signature, 'X-Amz-Signature must have 64 lower-case hexadecimal digits')
  }
  const sessionToken = fields.get('x-amz-security-token') ?? null
  return { ...scoped, amzDate: amzDate ?? '', policy: policy ?? '', signature, sessionToken }
}

function readCredential(text: string, { regions }: QueryAuthContext): ScopedCredential {
  const scoped = parseScopedCredential(text)
  if (scoped === null) {
    const expected = 'the Credential is mal-formed; expecting "<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request"'
    throw malformed('X-Amz-Credential', text, expected)
  }
  checkScope(scoped.scope, regions, (reason, fields) => malformed('X-Amz-Credential', text, reason, fields))
  return scoped
}

/** No clock skew counts backwards: a form is made long before somebody fills it in, and its policy says until when. */
function checkTime(amzDate: string, day: string, { now, skewSecondsMax }: QueryAuthContext): void {
  const time = parseAmzDate(amzDate)
  if (time === null) throw malformed('X-Amz-Date', amzDate, 'X-Amz-Date must be formatted in ISO8601 Long format')
  if (!amzDate.startsWith(day)) throw malformed('X-Amz-Date', amzDate, 'the date of X-Amz-Credential is not that of X-Amz-Date')
  const age = now.getTime() - time.getTime()
  if (-age > skewSecondsMax * 1000) throw new S3Error('AccessDenied', 'Request is not yet valid')
  if (age > FORM_SECONDS_MAX * 1000) throw new S3Error('AccessDenied', 'Request has expired')
}

function malformed(name: string, value: string | undefined, reason: string, fields: Readonly<Record<string, string>> = {}): S3Error {
  return new S3Error('InvalidArgument', reason, { fields: { ArgumentName: name, ArgumentValue: value ?? '', ...fields } })
}
