import { describe, expect, test } from 'vitest'
import { BUCKET, OBJECT, request } from '../../../test/wire-pair.ts'
import { writeXml } from '../../xml/write.ts'
import { element } from '../../xml/element.ts'
import type { XmlElement } from '../../xml/element.ts'
import { listingElements, listingHead, readListing } from './listing.ts'

const plain = (key: string): string => key
const xml = (elements: readonly XmlElement[]): string =>
  writeXml(element('R', elements), { namespace: null }).replace(/^.*?<R>|<\/R>$/g, '')

describe('readListing', () => {
  test('what was not said is nothing, and a page of 1,000', () => {
    expect(readListing(request('none', { query: {} }))).toMatchObject({
      bucket: BUCKET,
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

describe('listingElements', () => {
  const listed = { objects: [OBJECT], commonPrefixes: ['a/'], truncated: false, nextToken: null, nextMarker: null }

  test('objects, then prefixes', () => {
    expect(xml(listingElements(listed, plain, false))).toBe(
      '<Contents><Key>k</Key><LastModified>2026-01-02T03:04:05.678Z</LastModified><ETag>"5eb63bbbe01eeed093cb22bb8f5acdc3"</ETag>' +
        '<Size>11</Size><StorageClass>STANDARD</StorageClass></Contents><CommonPrefixes><Prefix>a/</Prefix></CommonPrefixes>',
    )
  })

  test('the owner and the checksum where there is one', () => {
    const checksum = { algorithm: 'CRC32', type: 'COMPOSITE', value: 'AAAAAA==-2' } as const
    const shown = xml(listingElements({ ...listed, objects: [{ ...OBJECT, checksum, headers: { storageClass: 'GLACIER' } }] }, plain, true))
    expect(shown).toContain('<ChecksumAlgorithm>CRC32</ChecksumAlgorithm><ChecksumType>COMPOSITE</ChecksumType>')
    expect(shown).toContain('<StorageClass>GLACIER</StorageClass><Owner><ID>ann</ID><DisplayName>ann</DisplayName></Owner>')
  })
})

test('listingHead repeats what was asked', () => {
  const input = { bucket: 'b', prefix: 'p q', delimiter: '%', maxKeys: 5, write: encodeURIComponent, encodingType: 'url' } as const
  expect(xml(listingHead(input, { truncated: true }))).toBe(
    '<Name>b</Name><Prefix>p%20q</Prefix><MaxKeys>5</MaxKeys><Delimiter>%25</Delimiter><EncodingType>url</EncodingType><IsTruncated>true</IsTruncated>',
  )
  expect(xml(listingHead({ ...input, delimiter: '', encodingType: undefined }, { truncated: false }))).not.toMatch(/Delimiter|EncodingType/)
})
