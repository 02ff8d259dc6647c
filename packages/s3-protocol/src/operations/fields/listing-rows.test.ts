import type { ObjectInfo } from '@stowage/core'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { OBJECT } from '../../../test/wire-pair.ts'
import { element } from '../../xml/element.ts'
import type { XmlElement } from '../../xml/element.ts'
import { S3_NAMESPACE, writeXml, writeXmlBuilt } from '../../xml/write.ts'
import { listingRows } from './listing-rows.ts'

const plain = (key: string): string => key
const listed = { objects: [OBJECT], commonPrefixes: ['a/'], truncated: false, nextToken: null, nextMarker: null }

/** What a row says, as a tree for the writer that everything else uses. */
function contents(info: ObjectInfo): XmlElement {
  const { checksum } = info
  return element('Contents', [
    element('Key', info.key),
    element('LastModified', info.createdAt.toISOString()),
    element('ETag', `"${info.etag}"`),
    ...(checksum === null ? [] : [element('ChecksumAlgorithm', checksum.algorithm), element('ChecksumType', checksum.type)]),
    element('Size', info.size),
    element('StorageClass', info.headers.storageClass ?? 'STANDARD'),
    element('Owner', [element('ID', info.ownerId ?? ''), element('DisplayName', info.ownerId ?? '')]),
  ])
}

const text = fc.oneof(
  fc.string({ unit: 'binary', minLength: 1, maxLength: 12 }),
  fc.constantFrom('&amp;', '<a>', '"', ']]>', '\r\n', 'a&lt;b', '😀', '\u0001', '\ufffe'),
)
const object = fc
  .record({
    key: text,
    createdAt: fc.oneof(fc.date({ noInvalidDate: true }), fc.date({ min: new Date(-3000), max: new Date(3000), noInvalidDate: true })),
    etag: fc.oneof(fc.constant(OBJECT.etag), text),
    size: fc.maxSafeNat(),
    ownerId: fc.option(text),
    checksum: fc.option(fc.constant({ algorithm: 'CRC32', type: 'COMPOSITE', value: 'AAAAAA==-2' } as const)),
    headers: fc.oneof(fc.constant({}), fc.record({ storageClass: text })),
  })
  .map((facts): ObjectInfo => ({ ...OBJECT, ...facts }))

describe('listingRows', () => {
  test('objects, then prefixes', () => {
    expect(listingRows(listed, plain, null)).toBe(
      '<Contents><Key>k</Key><LastModified>2026-01-02T03:04:05.678Z</LastModified><ETag>"5eb63bbbe01eeed093cb22bb8f5acdc3"</ETag>' +
        '<Size>11</Size><StorageClass>STANDARD</StorageClass></Contents><CommonPrefixes><Prefix>a/</Prefix></CommonPrefixes>',
    )
  })

  test('the owner and the checksum where there is one', () => {
    const checksum = { algorithm: 'CRC32', type: 'COMPOSITE', value: 'AAAAAA==-2' } as const
    const shown = listingRows(
      { ...listed, objects: [{ ...OBJECT, checksum, headers: { storageClass: 'GLACIER' } }] },
      plain,
      (id) => `The ${id}`,
    )
    expect(shown).toContain('<ChecksumAlgorithm>CRC32</ChecksumAlgorithm><ChecksumType>COMPOSITE</ChecksumType>')
    expect(shown).toContain('<StorageClass>GLACIER</StorageClass><Owner><ID>ann</ID><DisplayName>The ann</DisplayName></Owner>')
  })

  test('byte for byte what xmlbuilder2 makes of the same page', () => {
    const page = fc.record({ objects: fc.array(object, { maxLength: 5 }), commonPrefixes: fc.array(text, { maxLength: 3 }) })
    const head = [element('Name', 'b'), element('Prefix', '')]
    fc.assert(
      fc.property(page, ({ objects, commonPrefixes }) => {
        const prefixes = commonPrefixes.map((prefix) => element('CommonPrefixes', [element('Prefix', prefix)]))
        const built = writeXmlBuilt(element('R', [...head, ...objects.map(contents), ...prefixes]), S3_NAMESPACE)
        expect(writeXml(element('R', head), { rows: listingRows({ ...listed, objects, commonPrefixes }, plain, (id) => id) })).toBe(built)
      }),
      { numRuns: 500 },
    )
  })
})
