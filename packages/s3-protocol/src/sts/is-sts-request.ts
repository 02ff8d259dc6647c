import type { HttpRequest } from '@stowage/http'
import { hasQuery, parseS3Request } from '../s3-request.ts'
import type { S3AddressingOptions } from '../s3-request.ts'
import { S3Error } from '../s3-error.ts'
import { HttpInputError } from '@stowage/http'
import { isForm } from './read-form.ts'

/** Whether a request is for the security token service where that shares its address with S3: a form, or an `Action`, posted to no bucket. */
export function isStsRequest(http: HttpRequest, addressing: S3AddressingOptions): boolean {
  if (http.method !== 'POST') return false
  try {
    const raw = parseS3Request(http, addressing)
    return raw.bucket === '' && (isForm(raw.headers) || hasQuery(raw, 'Action'))
  } catch (error) {
    // Whoever answers it says what is wrong with it.
    if (error instanceof S3Error || error instanceof HttpInputError) return false
    throw error
  }
}
