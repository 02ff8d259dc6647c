import type { Operation } from '../operation.ts'
import { defineOperation } from '../operation.ts'
import { xmlResponse } from '../xml-response.ts'
import { element } from '../xml/element.ts'

/** API_GetBucketLocation: empty for us-east-1, as ever. */
export const getBucketLocation: Operation = defineOperation({
  name: 'GetBucketLocation',
  engineName: 'HeadBucket',
  match: { method: 'GET', on: 'bucket', query: { location: true } },
  payload: 'none',
  decode: (request) => ({ bucket: request.bucket, signal: request.signal }),
  run: (session, input) => session.headBucket(input),
  encode: (_bucket, _input, context) => xmlResponse(element('LocationConstraint', context.region === 'us-east-1' ? '' : context.region)),
})
