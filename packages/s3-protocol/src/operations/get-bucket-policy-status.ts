import { defineOperation } from '../operation.ts'
import type { Operation } from '../operation.ts'
import { xmlResponse } from '../xml-response.ts'
import { element } from '../xml/element.ts'

/** API_GetBucketPolicyStatus. */
export const getBucketPolicyStatus: Operation = defineOperation({
  name: 'GetBucketPolicyStatus',
  engineName: 'GetBucketPolicyStatus',
  match: { method: 'GET', on: 'bucket', query: { policyStatus: true } },
  payload: 'none',
  decode: (request) => ({ bucket: request.bucket, signal: request.signal }),
  run: (session, input) => session.getBucketPolicyStatus(input),
  encode: ({ isPublic }) => xmlResponse(element('PolicyStatus', [element('IsPublic', isPublic ? 'true' : 'false')])),
})
