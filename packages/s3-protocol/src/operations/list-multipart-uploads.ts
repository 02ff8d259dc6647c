import type { Operation } from '../operation.ts'
import { defineOperation } from '../operation.ts'
import { xmlResponse } from '../xml-response.ts'
import { element, optionalElement } from '../xml/element.ts'
import { readKeyWriter } from './fields/encoding-type.ts'
import { ownerElement } from './fields/listing.ts'

const MAX_UPLOADS = 1000

/** API_ListMultipartUploads. */
export const listMultipartUploads: Operation = defineOperation({
  name: 'ListMultipartUploads',
  engineName: 'ListMultipartUploads',
  match: { method: 'GET', on: 'bucket', query: { uploads: true } },
  payload: 'none',
  decode: ({ bucket, query, signal }) => ({
    bucket,
    prefix: query.text('prefix') ?? '',
    delimiter: query.text('delimiter') ?? '',
    keyMarker: query.text('key-marker') ?? '',
    uploadIdMarker: query.text('upload-id-marker') ?? '',
    limit: query.integer('max-uploads', { min: 0, max: MAX_UPLOADS }) ?? MAX_UPLOADS,
    signal,
    ...readKeyWriter(query),
  }),
  run: (session, { delimiter, keyMarker, uploadIdMarker, bucket, prefix, limit, signal }) =>
    session.listUploads({
      bucket,
      prefix,
      limit,
      signal,
      ...(delimiter === '' ? {} : { delimiter }),
      ...(keyMarker === '' ? {} : { keyMarker }),
      // AWS passes over an upload id without a key.
      ...(keyMarker === '' || uploadIdMarker === '' ? {} : { uploadIdMarker }),
    }),
  encode: (listed, input, { displayName }) =>
    xmlResponse(
      element('ListMultipartUploadsResult', [
        element('Bucket', input.bucket.name),
        element('KeyMarker', input.write(input.keyMarker)),
        element('UploadIdMarker', input.uploadIdMarker),
        ...(listed.nextKeyMarker === null ? [] : [element('NextKeyMarker', input.write(listed.nextKeyMarker))]),
        ...optionalElement('NextUploadIdMarker', listed.nextUploadIdMarker),
        element('Prefix', input.write(input.prefix)),
        ...(input.delimiter === '' ? [] : [element('Delimiter', input.write(input.delimiter))]),
        ...optionalElement('EncodingType', input.encodingType),
        element('MaxUploads', input.limit),
        element('IsTruncated', listed.truncated),
        ...listed.uploads.map((upload) =>
          element('Upload', [
            element('UploadId', upload.uploadId),
            element('Key', input.write(upload.key)),
            element('Initiated', upload.createdAt.toISOString()),
            element('StorageClass', upload.headers.storageClass ?? 'STANDARD'),
            ownerElement('Owner', upload.ownerId, displayName),
            ownerElement('Initiator', upload.ownerId, displayName),
            ...(upload.checksum === null
              ? []
              : [element('ChecksumAlgorithm', upload.checksum.algorithm), element('ChecksumType', upload.checksum.type)]),
          ]),
        ),
        ...listed.commonPrefixes.map((prefix) => element('CommonPrefixes', [element('Prefix', input.write(prefix))])),
      ]),
    ),
})
