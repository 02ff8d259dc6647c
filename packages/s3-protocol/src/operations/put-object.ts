import type { Operation } from '../operation.ts'
import { defineOperation } from '../operation.ts'
import { readConditions } from './fields/conditions.ts'
import { readObjectAttributes } from './fields/object-attributes.ts'
import { checksumHeaders } from './fields/object-response.ts'

/** API_PutObject. */
export const putObject: Operation = defineOperation({
  name: 'PutObject',
  engineName: 'PutObject',
  match: { method: 'PUT', on: 'object' },
  payload: 'stream',
  lacks: ['ACLs and grants', 'encryption', 'object lock', 'write offsets'],
  decode(request, context) {
    const conditions = readConditions(request.headers, context.now)
    return {
      bucket: request.bucket,
      key: request.key,
      ...readObjectAttributes(request.headers),
      ...request.body.expected,
      body: request.body.source,
      signal: request.signal,
      ...(conditions === undefined ? {} : { conditions }),
    }
  },
  run: (session, input) => session.putObject(input),
  encode: (info) => ({
    status: 200,
    headers: [
      ['etag', `"${info.etag}"`],
      ...(info.checksum === null ? [] : checksumHeaders(info.checksum)),
      ...(info.versionId === 'null' ? [] : [['x-amz-version-id', info.versionId] as const]),
      ['content-length', '0'],
    ],
    body: null,
  }),
})
