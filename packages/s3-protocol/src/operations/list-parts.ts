import type { Operation } from '../operation.ts'
import { defineOperation } from '../operation.ts'
import { xmlResponse } from '../xml-response.ts'
import { element, optionalElement } from '../xml/element.ts'
import { ownerElement } from './fields/listing.ts'

const MAX_PARTS = 1000

/** API_ListParts. */
export const listParts: Operation = defineOperation({
  name: 'ListParts',
  engineName: 'ListParts',
  match: { method: 'GET', on: 'object', query: { uploadId: true } },
  payload: 'none',
  decode: (request) => ({
    bucket: request.bucket,
    key: request.key,
    uploadId: request.query.get('uploadId') ?? '',
    partNumberMarker: request.query.integer('part-number-marker', { min: 0, max: 10_000 }) ?? 0,
    limit: request.query.integer('max-parts', { min: 0, max: MAX_PARTS }) ?? MAX_PARTS,
    signal: request.signal,
  }),
  run: (session, input) => session.listParts(input),
  encode: ({ upload, parts, truncated, nextPartNumberMarker }, input, { displayName }) =>
    xmlResponse(
      element('ListPartsResult', [
        element('Bucket', input.bucket.name),
        element('Key', input.key),
        element('UploadId', input.uploadId),
        ownerElement('Initiator', upload.ownerId, displayName),
        ownerElement('Owner', upload.ownerId, displayName),
        element('StorageClass', upload.headers.storageClass ?? 'STANDARD'),
        element('PartNumberMarker', input.partNumberMarker),
        ...optionalElement('NextPartNumberMarker', nextPartNumberMarker),
        element('MaxParts', input.limit),
        element('IsTruncated', truncated),
        ...(upload.checksum === null
          ? []
          : [element('ChecksumAlgorithm', upload.checksum.algorithm), element('ChecksumType', upload.checksum.type)]),
        ...parts.map((part) =>
          element('Part', [
            element('PartNumber', part.partNumber),
            element('LastModified', part.createdAt.toISOString()),
            element('ETag', `"${part.etag}"`),
            element('Size', part.size),
            ...(part.checksum === null ? [] : [element(`Checksum${part.checksum.algorithm}`, part.checksum.value)]),
          ]),
        ),
      ]),
    ),
})
