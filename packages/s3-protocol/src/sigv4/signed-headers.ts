import type { HttpHeader } from '@stowage/http'
import { S3Error } from '../s3-error.ts'

/** Makes the error of a credential that cannot be read, or that is not for us. */
export type Malformed = (reason: string, fields?: Readonly<Record<string, string>>) => S3Error

/** Reads `SignedHeaders`: lower-case names, sorted, each once, `host` among them. */
export function parseSignedHeaders(text: string, malformed: Malformed): readonly string[] {
  const names = text.split(';')
  let last = ''
  for (const name of names) {
    // The characters of a field name (RFC 9110 §5.6.2), without capitals.
    if (!/^[a-z0-9!#$%&'*+\-.^_`|~]+$/.test(name)) throw malformed('SignedHeaders must be lower-case names joined by semicolons')
    if (name <= last) throw malformed('SignedHeaders must be sorted, each name once')
    last = name
  }
  if (!names.includes('host')) throw malformed('the host header must be signed')
  return names
}

/**
 * Every header that AWS gives a meaning must be signed, or it is somebody else's; and what is signed must have come.
 * `except` need not be signed: what it says is verified in another way.
 */
export function checkCoverage(headers: readonly HttpHeader[], signedHeaders: readonly string[], except: string | null = null): void {
  for (const [name] of headers) {
    if (name.startsWith('x-amz-') && name !== except && !signedHeaders.includes(name)) {
      throw new S3Error('AccessDenied', 'There were headers present in the request which were not signed', {
        fields: { HeadersNotSigned: name },
      })
    }
  }
  for (const name of signedHeaders) {
    if (!headers.some((header) => header[0] === name)) {
      throw new S3Error('SignatureDoesNotMatch', `The header ${name} was signed and did not come with the request.`)
    }
  }
}
