import type { BucketAddress } from '@stowage/core'
import type { DisplayName, OperationRequest } from '../../operation.ts'
import { element, optionalElement } from '../../xml/element.ts'
import type { XmlElement } from '../../xml/element.ts'
import type { KeyWriter } from './encoding-type.ts'
import { readKeyWriter } from './encoding-type.ts'

/** The most keys of a page. */
const MAX_KEYS = 1000

/** What the two forms of ListObjects have in common. */
export interface ListingInput {
  readonly bucket: BucketAddress
  readonly prefix: string
  readonly delimiter: string
  readonly maxKeys: number
  readonly write: KeyWriter
  readonly encodingType: 'url' | undefined
}

/** Reads prefix, delimiter, max-keys and encoding-type. An empty delimiter is none. */
export function readListing(request: OperationRequest<'none'>): ListingInput {
  const { query } = request
  return {
    bucket: request.bucket,
    prefix: query.text('prefix') ?? '',
    delimiter: query.text('delimiter') ?? '',
    maxKeys: query.integer('max-keys', { min: 0, max: MAX_KEYS }) ?? MAX_KEYS,
    ...readKeyWriter(query),
  }
}

/** Who owns something, as ACL-free buckets show it: the account. */
export function ownerElement(name: string, id: string | null, displayName: DisplayName): XmlElement {
  return element(name, [element('ID', id ?? ''), element('DisplayName', id === null ? '' : displayName(id))])
}

/** The head of a listing, in AWS's order. */
export function listingHead(input: ListingInput, listed: { readonly truncated: boolean }): XmlElement[] {
  return [
    element('Name', input.bucket.name),
    element('Prefix', input.write(input.prefix)),
    element('MaxKeys', input.maxKeys),
    ...(input.delimiter === '' ? [] : [element('Delimiter', input.write(input.delimiter))]),
    ...optionalElement('EncodingType', input.encodingType),
    element('IsTruncated', listed.truncated),
  ]
}
