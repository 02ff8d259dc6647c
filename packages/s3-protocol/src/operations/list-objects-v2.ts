import type { Operation } from '../operation.ts'
import { defineOperation } from '../operation.ts'
import { xmlRowsResponse } from '../xml-response.ts'
import { element, optionalElement } from '../xml/element.ts'
import { listingRows } from './fields/listing-rows.ts'
import { listingHead, readListing } from './fields/listing.ts'

/** API_ListObjectsV2. */
export const listObjectsV2: Operation = defineOperation({
  name: 'ListObjectsV2',
  engineName: 'ListObjects',
  match: { method: 'GET', on: 'bucket', query: { 'list-type': '2' } },
  payload: 'none',
  decode(request) {
    return {
      ...readListing(request),
      // An empty one is shown again, and asks for the first page.
      token: request.query.get('continuation-token') ?? undefined,
      startAfter: request.query.text('start-after'),
      fetchOwner: request.query.get('fetch-owner') === 'true',
      signal: request.signal,
    }
  },
  run: (session, input) =>
    session.listObjects({
      bucket: input.bucket,
      prefix: input.prefix,
      limit: input.maxKeys,
      signal: input.signal,
      ...(input.delimiter === '' ? {} : { delimiter: input.delimiter }),
      ...(input.token === undefined || input.token === '' ? {} : { continuationToken: input.token }),
      ...(input.startAfter === undefined ? {} : { startAfter: input.startAfter }),
    }),
  encode: (listed, input, { displayName }) =>
    xmlRowsResponse(
      element('ListBucketResult', [
        ...listingHead(input, listed),
        element('KeyCount', listed.objects.length + listed.commonPrefixes.length),
        ...optionalElement('ContinuationToken', input.token),
        ...optionalElement('NextContinuationToken', listed.nextToken),
        ...(input.startAfter === undefined ? [] : [element('StartAfter', input.write(input.startAfter))]),
      ]),
      listingRows(listed, input.write, input.fetchOwner ? displayName : null),
    ),
})
