import type { Operation } from '../operation.ts'
import { defineOperation } from '../operation.ts'
import { xmlResponse } from '../xml-response.ts'
import { element, optionalElement } from '../xml/element.ts'
import { DEFAULT_JURISDICTION } from '@stowage/core'
import { ownerElement } from './fields/listing.ts'

/** API_ListBuckets: the caller's own, of the jurisdiction that the host is of. */
export const listBuckets: Operation = defineOperation({
  name: 'ListBuckets',
  engineName: 'ListBuckets',
  match: { method: 'GET', on: 'service' },
  payload: 'none',
  decode(request) {
    const token = request.query.text('continuation-token')
    const limit = request.query.integer('max-buckets', { min: 1, max: 10_000 })
    const prefix = request.query.text('prefix')
    return {
      signal: request.signal,
      jurisdiction: request.bucket.jurisdiction ?? DEFAULT_JURISDICTION,
      ...(prefix === undefined ? {} : { prefix }),
      ...(limit === undefined ? {} : { limit }),
      ...(token === undefined ? {} : { continuationToken: token }),
    }
  },
  run: async (session, input) => ({ page: await session.listBuckets(input), account: session.caller.account }),
  encode: ({ page, account }, input, context) =>
    xmlResponse(
      element('ListAllMyBucketsResult', [
        ownerElement('Owner', account, context.displayName),
        element(
          'Buckets',
          page.buckets.map((bucket) =>
            element('Bucket', [
              element('Name', bucket.name),
              element('CreationDate', bucket.createdAt.toISOString()),
              element('BucketRegion', context.region),
            ]),
          ),
        ),
        ...optionalElement('ContinuationToken', page.nextToken),
        ...optionalElement('Prefix', input.prefix),
      ]),
    ),
})
