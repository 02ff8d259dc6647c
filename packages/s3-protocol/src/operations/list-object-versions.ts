import type { Operation } from '../operation.ts'
import { defineOperation } from '../operation.ts'
import { S3Error } from '../s3-error.ts'
import { xmlRowsResponse } from '../xml-response.ts'
import { element, optionalElement } from '../xml/element.ts'
import { readListing, listingHead } from './fields/listing.ts'
import { versionRows } from './fields/version-rows.ts'

/** API_ListObjectVersions. Of a bucket that was never versioned, every object is the version `null`. */
export const listObjectVersions: Operation = defineOperation({
  name: 'ListObjectVersions',
  engineName: 'ListObjectVersions',
  match: { method: 'GET', on: 'bucket', query: { versions: true } },
  payload: 'none',
  decode(request) {
    const keyMarker = request.query.text('key-marker') ?? ''
    const versionIdMarker = request.query.get('version-id-marker')
    if (versionIdMarker === '') {
      throw new S3Error('InvalidArgument', 'A version-id marker cannot be empty.', { fields: { ArgumentName: 'version-id-marker' } })
    }
    if (versionIdMarker !== null && keyMarker === '') {
      throw new S3Error('InvalidArgument', 'A version-id marker cannot be specified without a key marker.', {
        fields: { ArgumentName: 'version-id-marker', ArgumentValue: versionIdMarker },
      })
    }
    return { ...readListing(request), keyMarker, versionIdMarker, signal: request.signal }
  },
  run: (session, input) =>
    session.listVersions({
      bucket: input.bucket,
      prefix: input.prefix,
      limit: input.maxKeys,
      signal: input.signal,
      ...(input.delimiter === '' ? {} : { delimiter: input.delimiter }),
      ...(input.keyMarker === '' ? {} : { keyMarker: input.keyMarker }),
      ...(input.versionIdMarker === null ? {} : { versionIdMarker: input.versionIdMarker }),
    }),
  encode: (listed, input, { displayName }) =>
    xmlRowsResponse(
      element('ListVersionsResult', [
        ...listingHead(input, listed),
        element('KeyMarker', input.write(input.keyMarker)),
        element('VersionIdMarker', input.versionIdMarker ?? ''),
        ...(listed.nextKeyMarker === null ? [] : [element('NextKeyMarker', input.write(listed.nextKeyMarker))]),
        ...optionalElement('NextVersionIdMarker', listed.nextVersionIdMarker),
      ]),
      versionRows(listed, input.write, displayName),
    ),
})
