import type { Operation } from './operation.ts'
import type { Routed } from './route.ts'
import { S3Error } from './s3-error.ts'
import type { RawS3Request } from './s3-request.ts'
import { UNSUPPORTED_OPERATIONS } from './unsupported.ts'

/** What a request is about. */
export function placeOf(raw: RawS3Request): 'service' | 'bucket' | 'object' {
  if (raw.bucket === '') return 'service'
  return raw.key === '' ? 'bucket' : 'object'
}

/** The operation that answers. Fails with what a request for none is answered. */
export function implemented(routed: Routed, raw: RawS3Request): Operation {
  switch (routed.outcome) {
    case 'operation':
      return routed.operation
    case 'not-implemented':
      throw new S3Error('NotImplemented', `${unsupportedName(raw, routed.subResource)} is not implemented.`)
    case 'method-not-allowed':
      throw new S3Error('MethodNotAllowed', 'The specified method is not allowed against this resource.', {
        headers: [['allow', placeOf(raw) === 'service' ? 'GET' : 'DELETE, GET, HEAD, POST, PUT']],
      })
  }
}

/** The same for a form, which stores an object and does nothing else, whatever its query says. */
export function formOperation(routed: Routed, raw: RawS3Request): Operation {
  const operation = implemented(routed, raw)
  if (operation.payload === 'form') return operation
  throw new S3Error('InvalidRequest', `A form cannot be posted to ${operation.name}.`)
}

/** What AWS calls the operation, where the word and the method make one. */
function unsupportedName(raw: RawS3Request, word: string): string {
  const on = placeOf(raw)
  const row = UNSUPPORTED_OPERATIONS.find(
    ({ match }) => match.method === raw.method && match.on === on && Object.hasOwn(match.query ?? {}, word),
  )
  return row === undefined ? `${raw.method} with ?${word}` : `The operation ${row.name}`
}
