import type { HttpRequest, HttpResponse } from '@stowage/http'
import { errorResponse, internalErrorResponse } from './error-response.ts'
import type { ErrorContext } from './error-response.ts'
import { requestIds } from './request-ids.ts'

const nextId = requestIds()

/**
 * Answers a request that no door gets to see with an error, as a door would: for gateways that choose a door, or none. Says as well
 * whether the error is a fault of ours, which is answered 500 and says nothing of itself.
 */
export function refuseRequest(request: HttpRequest, error: unknown): { readonly response: HttpResponse; readonly isFault: boolean } {
  const requestId = nextId()
  const context: ErrorContext = {
    requestId,
    resource: request.target.split('?', 1)[0] ?? '',
    head: request.method === 'HEAD',
    conditional: false,
  }
  const refusal = errorResponse(error, context)
  const { status, headers, body } = refusal ?? internalErrorResponse(context)
  return { response: { status, headers: [...headers, ['x-amz-request-id', requestId]], body }, isFault: refusal === null }
}
