import type { Operation } from '../operation.ts'
import { defineOperation } from '../operation.ts'
import { xmlRowsResponse } from '../xml-response.ts'
import { element } from '../xml/element.ts'
import { listingRows } from './fields/listing-rows.ts'
import { listingHead, readListing } from './fields/listing.ts'

/** API_ListObjects, the first form: pages by key instead of by token, owners always shown. */
export const listObjects: Operation = defineOperation({
  name: 'ListObjects',
  engineName: 'ListObjects',
  match: { method: 'GET', on: 'bucket' },
  payload: 'none',
  decode: (request) => ({ ...readListing(request), marker: request.query.text('marker') ?? '', signal: request.signal }),
  run: (session, input) =>
    session.listObjects({
      bucket: input.bucket,
      prefix: input.prefix,
      limit: input.maxKeys,
      signal: input.signal,
      ...(input.delimiter === '' ? {} : { delimiter: input.delimiter }),
      ...(input.marker === '' ? {} : { startAfter: input.marker }),
    }),
  encode: (listed, input, { displayName }) =>
    xmlRowsResponse(
      element('ListBucketResult', [
        ...listingHead(input, listed),
        element('Marker', input.write(input.marker)),
        // Without a delimiter the last key of the page is the marker of the next, where it has one: AWS says no other.
        ...(listed.nextMarker === null || (input.delimiter === '' && listed.objects.length > 0)
          ? []
          : [element('NextMarker', input.write(listed.nextMarker))]),
      ]),
      listingRows(listed, input.write, displayName),
    ),
})
