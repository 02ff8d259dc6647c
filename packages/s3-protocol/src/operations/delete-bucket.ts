import type { Operation } from '../operation.ts'
import { defineOperation } from '../operation.ts'

/** API_DeleteBucket. */
export const deleteBucket: Operation = defineOperation({
  name: 'DeleteBucket',
  engineName: 'DeleteBucket',
  match: { method: 'DELETE', on: 'bucket' },
  payload: 'none',
  decode: (request) => ({ bucket: request.bucket, signal: request.signal }),
  run: (session, input) => session.deleteBucket(input),
  encode: () => ({ status: 204, headers: [], body: null }),
})
