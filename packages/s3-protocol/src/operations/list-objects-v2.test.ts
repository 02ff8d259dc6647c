import { expect, test } from 'vitest'
import { bare, BUCKET, OBJECT, wirePair } from '../../test/wire-pair.ts'
import { listObjectsV2 } from './list-objects-v2.ts'

const PAGE = { objects: [OBJECT], commonPrefixes: ['p/'], truncated: true, nextToken: 't2', nextMarker: 'p/' }

test('ListObjectsV2', async () => {
  const { asked, text } = await wirePair(
    listObjectsV2,
    {
      query: {
        'list-type': '2',
        prefix: 'p',
        delimiter: '/',
        'max-keys': '2',
        'continuation-token': 't1',
        'start-after': 'a b',
        'fetch-owner': 'true',
        'encoding-type': 'url',
      },
    },
    PAGE,
  )
  expect(asked).toEqual([
    'listObjects',
    { bucket: { name: BUCKET }, prefix: 'p', limit: 2, delimiter: '/', continuationToken: 't1', startAfter: 'a b' },
  ])
  expect(bare(text)).toBe(
    '<ListBucketResult><Name>photos</Name><Prefix>p</Prefix><MaxKeys>2</MaxKeys><Delimiter>/</Delimiter><EncodingType>url</EncodingType>' +
      '<IsTruncated>true</IsTruncated><KeyCount>2</KeyCount><ContinuationToken>t1</ContinuationToken>' +
      '<NextContinuationToken>t2</NextContinuationToken><StartAfter>a%20b</StartAfter>' +
      '<Contents><Key>k</Key><LastModified>2026-01-02T03:04:05.678Z</LastModified><ETag>"5eb63bbbe01eeed093cb22bb8f5acdc3"</ETag>' +
      '<Size>11</Size><StorageClass>STANDARD</StorageClass><Owner><ID>ann</ID><DisplayName>ann</DisplayName></Owner></Contents>' +
      '<CommonPrefixes><Prefix>p/</Prefix></CommonPrefixes></ListBucketResult>',
  )
})

test('an empty token asks for the first page, and is shown again', async () => {
  const query = { 'list-type': '2', 'continuation-token': '' }
  const { asked, text } = await wirePair(listObjectsV2, { query }, PAGE)
  expect(asked[1]).not.toHaveProperty('continuationToken')
  expect(text).toContain('<ContinuationToken/>')
})
