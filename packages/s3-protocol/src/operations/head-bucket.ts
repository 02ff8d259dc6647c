import type { Operation } from '../operation.ts'
import { defineOperation } from '../operation.ts'

/** API_HeadBucket. */
export const headBucket: Operation = defineOperation({
  name: 'HeadBucket',
  engineName: 'HeadBucket',
  match: { method: 'HEAD', on: 'bucket' },
  payload: 'none',
  decode: (request) => ({ bucket: request.bucket, signal: request.signal }),
  run: (session, input) => session.headBucket(input),
  encode: (_bucket, _input, context) => ({
    status: 200,
    headers: [
      ['x-amz-bucket-region', context.region],
      ['content-type', 'application/xml'],
    ],
    body: null,
  }),
})
