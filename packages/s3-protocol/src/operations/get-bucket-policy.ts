import { Buffer } from 'node:buffer'
import { defineOperation } from '../operation.ts'
import type { Operation } from '../operation.ts'

/** API_GetBucketPolicy. */
export const getBucketPolicy: Operation = defineOperation({
  name: 'GetBucketPolicy',
  engineName: 'GetBucketPolicy',
  match: { method: 'GET', on: 'bucket', query: { policy: true } },
  payload: 'none',
  decode: (request) => ({ bucket: request.bucket, signal: request.signal }),
  run: (session, input) => session.getBucketPolicy(input),
  encode(policy) {
    const body = Buffer.from(policy, 'utf8')
    return { status: 200, headers: [['content-type', 'application/json'], ['content-length', String(body.length)]], body } // prettier-ignore
  },
})
