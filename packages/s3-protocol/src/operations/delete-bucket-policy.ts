import { defineOperation } from '../operation.ts'
import type { Operation } from '../operation.ts'

/** API_DeleteBucketPolicy. */
export const deleteBucketPolicy: Operation = defineOperation({
  name: 'DeleteBucketPolicy',
  engineName: 'DeleteBucketPolicy',
  match: { method: 'DELETE', on: 'bucket', query: { policy: true } },
  payload: 'none',
  decode: (request) => ({ bucket: request.bucket, signal: request.signal }),
  run: (session, input) => session.deleteBucketPolicy(input),
  encode: () => ({ status: 204, headers: [], body: null }),
})
