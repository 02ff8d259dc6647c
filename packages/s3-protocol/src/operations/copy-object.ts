import type { Operation } from '../operation.ts'
import { defineOperation } from '../operation.ts'
import { S3Error } from '../s3-error.ts'
import type { S3Headers } from '../s3-headers.ts'
import { xmlResponse } from '../xml-response.ts'
import { element } from '../xml/element.ts'
import { readChecksumAlgorithm } from './fields/checksum-fields.ts'
import { readConditions } from './fields/conditions.ts'
import { copyResultElements, sourceVersionHeader } from './fields/copy-result.ts'
import { readCopySource } from './fields/copy-source.ts'
import { readObjectAttributes } from './fields/object-attributes.ts'

/** API_CopyObject. */
export const copyObject: Operation = defineOperation({
  name: 'CopyObject',
  engineName: 'CopyObject',
  match: { method: 'PUT', on: 'object', header: 'x-amz-copy-source' },
  payload: 'none',
  lacks: ['ACLs and grants', 'encryption', 'object lock'],
  decode(request, context) {
    const sourceConditions = readConditions(request.headers, context.now, 'x-amz-copy-source-')
    const conditions = readConditions(request.headers, context.now)
    const algorithm = request.headers.get('x-amz-checksum-algorithm')
    return {
      bucket: request.bucket,
      key: request.key,
      source: {
        ...readCopySource(request.headers, request.bucket),
        ...(sourceConditions === undefined ? {} : { conditions: sourceConditions }),
      },
      metadataDirective: readDirective(request.headers, 'x-amz-metadata-directive'),
      taggingDirective: readDirective(request.headers, 'x-amz-tagging-directive'),
      signal: request.signal,
      ...readObjectAttributes(request.headers),
      ...(conditions === undefined ? {} : { conditions }),
      ...(algorithm === undefined ? {} : { checksumAlgorithm: readChecksumAlgorithm(algorithm, 'x-amz-checksum-algorithm') }),
    }
  },
  run: (session, input) => session.copyObject(input),
  encode: (copied) =>
    xmlResponse(element('CopyObjectResult', copyResultElements(copied.info)), 200, [
      ...sourceVersionHeader(copied.sourceVersionId),
      ...(copied.info.versionId === 'null' ? [] : [['x-amz-version-id', copied.info.versionId] as const]),
    ]),
})

function readDirective(headers: S3Headers, name: string): 'COPY' | 'REPLACE' {
  const value = headers.get(name) ?? 'COPY'
  if (value !== 'COPY' && value !== 'REPLACE') {
    throw new S3Error('InvalidArgument', `Unknown directive in ${name}: COPY and REPLACE are known.`, {
      fields: { ArgumentName: name, ArgumentValue: value },
    })
  }
  return value
}
