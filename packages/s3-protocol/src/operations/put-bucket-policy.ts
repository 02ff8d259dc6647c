import { Buffer, isUtf8 } from 'node:buffer'
import { defineOperation } from '../operation.ts'
import type { Operation } from '../operation.ts'
import { S3Error } from '../s3-error.ts'

/** API_PutBucketPolicy. */
export const putBucketPolicy: Operation = defineOperation({
  name: 'PutBucketPolicy',
  engineName: 'PutBucketPolicy',
  match: { method: 'PUT', on: 'bucket', query: { policy: true } },
  payload: 'document',
  lacks: ['conditions on tags, and on keys of other services', 'NotPrincipal', 'set operators'],
  decode({ bucket, body, signal }) {
    if (!isUtf8(body)) throw new S3Error('MalformedPolicy', "Policies must be valid JSON and the first byte must be '{'")
    return { bucket, policy: Buffer.from(body).toString('utf8'), signal }
  },
  run: (session, input) => session.putBucketPolicy(input),
  encode: () => ({ status: 204, headers: [], body: null }),
})
