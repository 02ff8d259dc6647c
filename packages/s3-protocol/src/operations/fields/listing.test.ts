import { describe, expect, test } from 'vitest'
import { BUCKET, request } from '../../../test/wire-pair.ts'
import { writeXml } from '../../xml/write.ts'
import { element } from '../../xml/element.ts'
import type { XmlElement } from '../../xml/element.ts'
import { listingHead, readListing } from './listing.ts'

const xml = (elements: readonly XmlElement[]): string =>
  writeXml(element('R', elements), { namespace: null }).replace(/^.*?<R>|<\/R>$/g, '')

describe('readListing', () => {
  test('what was not said is nothing, and a page of 1,000', () => {
    expect(readListing(request('none', { query: {} }))).toMatchObject({
      bucket: { name: BUCKET },
      prefix: '',
      delimiter: '',
      maxKeys: 1000,
      encodingType: undefined,
    })
    expect(
      readListing(request('none', { query: { prefix: 'a/', delimiter: '/', 'max-keys': '0', 'encoding-type': 'url' } })),
    ).toMatchObject({
      prefix: 'a/',
      delimiter: '/',
      maxKeys: 0,
      encodingType: 'url',
    })
  })
})

test('listingHead repeats what was asked', () => {
  const input = {
    bucket: { name: 'b' },
    prefix: 'p q',
    delimiter: '%',
    maxKeys: 5,
    write: encodeURIComponent,
    encodingType: 'url',
  } as const
  expect(xml(listingHead(input, { truncated: true }))).toBe(
    '<Name>b</Name><Prefix>p%20q</Prefix><MaxKeys>5</MaxKeys><Delimiter>%25</Delimiter><EncodingType>url</EncodingType><IsTruncated>true</IsTruncated>',
  )
  expect(xml(listingHead({ ...input, delimiter: '', encodingType: undefined }, { truncated: false }))).not.toMatch(/Delimiter|EncodingType/)
})
