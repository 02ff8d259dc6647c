import type { Operation } from '../operation.ts'
import { defineOperation } from '../operation.ts'
import { xmlResponse } from '../xml-response.ts'
import { element } from '../xml/element.ts'
import { readConditions } from './fields/conditions.ts'
import { readCopyRange, readCopySource } from './fields/copy-source.ts'
import { copyResultElements, sourceVersionHeader } from './fields/copy-result.ts'
import { readPartNumber } from './fields/part-number.ts'

/** API_UploadPartCopy. */
export const uploadPartCopy: Operation = defineOperation({
  name: 'UploadPartCopy',
  engineName: 'UploadPartCopy',
  match: { method: 'PUT', on: 'object', query: { uploadId: true, partNumber: true }, header: 'x-amz-copy-source' },
  payload: 'none',
  lacks: ['encryption with own keys'],
  decode(request, context) {
    const conditions = readConditions(request.headers, context.now, 'x-amz-copy-source-')
    const range = readCopyRange(request.headers)
    return {
      bucket: request.bucket,
      key: request.key,
      uploadId: request.query.get('uploadId') ?? '',
      partNumber: readPartNumber(request.query),
      source: {
        ...readCopySource(request.headers, request.bucket),
        ...(conditions === undefined ? {} : { conditions }),
        ...(range === undefined ? {} : { range }),
      },
      signal: request.signal,
    }
  },
  run: (session, input) => session.uploadPartCopy(input),
  encode: (copied) =>
    xmlResponse(element('CopyPartResult', copyResultElements(copied.part)), 200, sourceVersionHeader(copied.sourceVersionId)),
})
