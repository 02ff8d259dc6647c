import { isStorageError } from '@stowage/core'
import type { AnyStorageError } from '@stowage/core'
import { formatHttpDate, HttpInputError } from '@stowage/http'
import type { HttpHeader, HttpResponse } from '@stowage/http'
import { s3ErrorFields, s3ErrorRow } from './errors.ts'
import type { S3ErrorRow } from './errors.ts'
import { fromHttpInputError, S3Error } from './s3-error.ts'
import { xmlResponse } from './xml-response.ts'
import { element } from './xml/element.ts'

/** What an error answer repeats of the request. */
export interface ErrorContext {
  readonly requestId: string
  readonly resource: string
  /** HEAD answers have no body, whatever happened (RFC 9110 §9.3.2). */
  readonly head: boolean
  /** Whether the request had a condition: a conflict is called otherwise then. */
  readonly conditional: boolean
}

/** Clients that write on a condition know this name, and begin again with a fresh read. */
const CONDITIONAL_CONFLICT: S3ErrorRow = {
  code: 'ConditionalRequestConflict',
  status: 409,
  message: 'A conflicting operation occurred during this request. Fetch the ETag of the object and try again.',
}

/**
 * Turns what was thrown into S3's answer; null for what is nobody's error but ours, which only the log may see.
 * Source: ErrorResponses in the Amazon S3 API reference.
 */
export function errorResponse(error: unknown, context: ErrorContext): HttpResponse | null {
  if (error instanceof S3Error) return document({ ...pick(error), headers: error.headers }, context)
  if (error instanceof HttpInputError) return errorResponse(fromHttpInputError(error), context)
  if (!isStorageError(error)) return null
  const row = error.code === 'Conflict' && context.conditional ? CONDITIONAL_CONFLICT : s3ErrorRow(error)
  if (error.code === 'NotModified') {
    const { etag, lastModified } = error.details
    return {
      status: row.status,
      headers: [
        ['etag', `"${etag}"`],
        ['last-modified', formatHttpDate(lastModified)],
      ],
      body: null,
    }
  }
  return document(
    {
      code: row.code,
      status: row.status,
      message: row.message ?? error.message,
      fields: s3ErrorFields(error),
      headers: errorHeaders(error),
    },
    context,
  )
}

/** The answer to a fault of ours. Nothing about it leaves the server but the request id. */
export function internalErrorResponse(context: ErrorContext): HttpResponse {
  return document(
    { code: 'InternalError', status: 500, message: 'We encountered an internal error. Please try again.', fields: {}, headers: [] },
    context,
  )
}

interface Shown {
  readonly code: string
  readonly status: number
  readonly message: string
  readonly fields: Readonly<Record<string, string>>
  readonly headers: readonly HttpHeader[]
}

function pick(error: S3Error): Omit<Shown, 'headers'> {
  return { code: error.code, status: error.status, message: error.message, fields: error.fields }
}

function errorHeaders(error: AnyStorageError): readonly HttpHeader[] {
  switch (error.code) {
    case 'DeleteMarkerFound':
      return [
        ['x-amz-delete-marker', 'true'],
        ['x-amz-version-id', error.details.versionId],
        ['allow', 'DELETE'],
      ]
    case 'InvalidRange':
      return [['content-range', `bytes */${error.details.size}`]]
    default:
      return error.retryable ? [['retry-after', '1']] : []
  }
}

function document(shown: Shown, context: ErrorContext): HttpResponse {
  if (context.head) return { status: shown.status, headers: shown.headers, body: null }
  return xmlResponse(
    element('Error', [
      element('Code', shown.code),
      element('Message', shown.message),
      ...Object.entries(shown.fields).map(([name, value]) => element(name, value)),
      element('Resource', context.resource),
      element('RequestId', context.requestId),
      element('HostId', context.requestId),
    ]),
    shown.status,
    shown.headers,
  )
}
