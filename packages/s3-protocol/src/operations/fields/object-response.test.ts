import { describe, expect, test } from 'vitest'
import { OBJECT } from '../../../test/wire-pair.ts'
import { S3Query } from '../../s3-query.ts'
import { checksumHeaders, objectResponseHeaders, readOverrides } from './object-response.ts'
import type { ShowOptions, ShownObject } from './object-response.ts'

const OPTIONS: ShowOptions = { checksumMode: false, overrides: [], partCount: false }
const show = (
  info: Partial<ShownObject['info']> = {},
  options: Partial<ShowOptions> = {},
  more: Partial<ShownObject> = {},
): Record<string, string> =>
  Object.fromEntries(
    objectResponseHeaders(
      { info: { ...OBJECT, ...info }, range: null, length: OBJECT.size, checksum: null, ...more },
      { ...OPTIONS, ...options },
    ),
  )

describe('objectResponseHeaders', () => {
  test('the least that is said of an object', () => {
    expect(show()).toEqual({
      'last-modified': 'Fri, 02 Jan 2026 03:04:05 GMT',
      etag: '"5eb63bbbe01eeed093cb22bb8f5acdc3"',
      'accept-ranges': 'bytes',
      'content-length': '11',
      'content-type': 'binary/octet-stream',
    })
  })

  test('all that it carries', () => {
    const info = {
      headers: { contentType: 'a/b', cacheControl: 'c', contentEncoding: 'gzip', storageClass: 'STANDARD_IA' },
      userMetadata: { colour: 'grün', empty: '' },
      tags: { a: '1', b: '2' },
      versionId: 'v1',
    }
    expect(show(info)).toMatchObject({
      'content-type': 'a/b',
      'cache-control': 'c',
      'content-encoding': 'gzip',
      'x-amz-storage-class': 'STANDARD_IA',
      'x-amz-meta-colour': 'gr\xc3\xbcn',
      'x-amz-meta-empty': '',
      'x-amz-tagging-count': '2',
      'x-amz-version-id': 'v1',
    })
    expect(show({ headers: { storageClass: 'STANDARD' } })).not.toHaveProperty('x-amz-storage-class')
  })

  test('the range, the parts and the checksum where they were asked for', () => {
    const checksum = { algorithm: 'CRC32', type: 'FULL_OBJECT', value: 'AAAAAA==' } as const
    expect(show({}, {}, { checksum })).not.toHaveProperty('x-amz-checksum-crc32')
    expect(show({}, { checksumMode: true }, { checksum })).toMatchObject({
      'x-amz-checksum-crc32': 'AAAAAA==',
      'x-amz-checksum-type': 'FULL_OBJECT',
    })
    const part = show({ partCount: 3 }, { checksumMode: true, partCount: true }, { range: { start: 2, end: 5 }, length: 3 })
    expect(part).toMatchObject({ 'content-range': 'bytes 2-4/11', 'content-length': '3', 'x-amz-mp-parts-count': '3' })
    expect(part).not.toHaveProperty('x-amz-checksum-crc32')
    expect(show({ partCount: 3 })).not.toHaveProperty('x-amz-mp-parts-count')
  })

  test('overrides take the place of what is kept', () => {
    const shown = objectResponseHeaders(
      { info: { ...OBJECT, headers: { contentType: 'a/b' } }, range: null, length: 11, checksum: null },
      { ...OPTIONS, overrides: [['content-type', 'c/d']] },
    )
    expect(shown.filter(([name]) => name === 'content-type')).toEqual([['content-type', 'c/d']])
  })
})

describe('readOverrides', () => {
  test('six of them, empty ones did not come', () => {
    const query = new S3Query([
      ['response-content-type', 'a/b'],
      ['response-expires', ''],
      ['response-content-disposition', 'attachment; filename="日"'],
      ['response-etag', 'x'],
    ])
    expect(readOverrides(query)).toEqual([
      ['content-type', 'a/b'],
      ['content-disposition', 'attachment; filename="\xe6\x97\xa5"'],
    ])
    expect(readOverrides(new S3Query([]))).toEqual([])
  })

  test.each(['a\r\nb', 'a\nb', '\0', '\u007f'])('%j is refused', (value) => {
    expect(() => readOverrides(new S3Query([['response-content-type', value]]))).toThrow(
      expect.objectContaining({ code: 'InvalidArgument' }),
    )
  })
})

test('checksumHeaders names the algorithm in lower case', () => {
  expect(checksumHeaders({ algorithm: 'CRC64NVME', type: 'FULL_OBJECT', value: 'x' })).toEqual([
    ['x-amz-checksum-crc64nvme', 'x'],
    ['x-amz-checksum-type', 'FULL_OBJECT'],
  ])
})
