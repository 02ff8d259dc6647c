import type { Operation } from '../operation.ts'
import { defineOperation } from '../operation.ts'

/** API_AbortMultipartUpload. */
export const abortMultipartUpload: Operation = defineOperation({
  name: 'AbortMultipartUpload',
  engineName: 'AbortMultipartUpload',
  match: { method: 'DELETE', on: 'object', query: { uploadId: true } },
  payload: 'none',
  decode: (request) => ({
    bucket: request.bucket,
    key: request.key,
    uploadId: request.query.get('uploadId') ?? '',
    signal: request.signal,
  }),
  run: (session, input) => session.abortUpload(input),
  encode: () => ({ status: 204, headers: [], body: null }),
})
