import type { Operation } from '../operation.ts'
import { defineOperation } from '../operation.ts'
import { xmlResponse } from '../xml-response.ts'
import { element } from '../xml/element.ts'
import { readChecksumAlgorithm, readChecksumType } from './fields/checksum-fields.ts'
import { readObjectAttributes } from './fields/object-attributes.ts'

/** API_CreateMultipartUpload. */
export const createMultipartUpload: Operation = defineOperation({
  name: 'CreateMultipartUpload',
  engineName: 'CreateMultipartUpload',
  match: { method: 'POST', on: 'object', query: { uploads: true } },
  payload: 'none',
  lacks: ['ACLs and grants', 'encryption', 'object lock'],
  decode(request) {
    const algorithm = request.headers.get('x-amz-checksum-algorithm')
    const type = readChecksumType(request.headers)
    return {
      bucket: request.bucket,
      key: request.key,
      signal: request.signal,
      ...readObjectAttributes(request.headers),
      ...(algorithm === undefined
        ? {}
        : {
            checksum: { algorithm: readChecksumAlgorithm(algorithm, 'x-amz-checksum-algorithm'), ...(type === undefined ? {} : { type }) },
          }),
    }
  },
  run: (session, input) => session.createUpload(input),
  encode: (upload, input) =>
    xmlResponse(
      element('InitiateMultipartUploadResult', [
        element('Bucket', input.bucket.name),
        element('Key', input.key),
        element('UploadId', upload.uploadId),
      ]),
      200,
      upload.checksum === null
        ? []
        : [
            ['x-amz-checksum-algorithm', upload.checksum.algorithm],
            ['x-amz-checksum-type', upload.checksum.type],
          ],
    ),
})
