import type { Operation } from '../operation.ts'
import { defineOperation } from '../operation.ts'
import { checksumHeaders } from './fields/object-response.ts'
import { readPartNumber } from './fields/part-number.ts'

/** API_UploadPart. */
export const uploadPart: Operation = defineOperation({
  name: 'UploadPart',
  engineName: 'UploadPart',
  match: { method: 'PUT', on: 'object', query: { uploadId: true, partNumber: true } },
  payload: 'stream',
  lacks: ['encryption with own keys'],
  decode: (request) => ({
    bucket: request.bucket,
    key: request.key,
    uploadId: request.query.get('uploadId') ?? '',
    partNumber: readPartNumber(request.query),
    ...request.body.expected,
    body: request.body.source,
    signal: request.signal,
  }),
  run: (session, input) => session.uploadPart(input),
  encode: (part) => ({
    status: 200,
    headers: [
      ['etag', `"${part.etag}"`],
      // UploadPart shows the checksum of the part without its type.
      ...(part.checksum === null ? [] : checksumHeaders(part.checksum).slice(0, 1)),
      ['content-length', '0'],
    ],
    body: null,
  }),
})
