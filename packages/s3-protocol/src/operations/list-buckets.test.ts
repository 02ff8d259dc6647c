import { expect, test } from 'vitest'
import { bare, BUCKET, NOW, wirePair } from '../../test/wire-pair.ts'
import { listBuckets } from './list-buckets.ts'

test('ListBuckets', async () => {
  const { asked, text } = await wirePair(
    listBuckets,
    { query: { prefix: 'p', 'max-buckets': '1', 'continuation-token': 't1' } },
    { buckets: [{ name: BUCKET, createdAt: NOW }], nextToken: 't2' },
  )
  expect(asked).toEqual(['listBuckets', { jurisdiction: 'default', prefix: 'p', limit: 1, continuationToken: 't1' }])
  expect(bare(text)).toBe(
    '<ListAllMyBucketsResult><Owner><ID>ann</ID><DisplayName>ann</DisplayName></Owner><Buckets><Bucket><Name>photos</Name>' +
      '<CreationDate>2026-01-02T03:04:05.678Z</CreationDate><BucketRegion>eu-central-1</BucketRegion></Bucket></Buckets>' +
      '<ContinuationToken>t2</ContinuationToken><Prefix>p</Prefix></ListAllMyBucketsResult>',
  )
})

test('without a word, all of those of the default jurisdiction', async () => {
  const { asked, text } = await wirePair(listBuckets, {}, { buckets: [], nextToken: null })
  expect(asked).toEqual(['listBuckets', { jurisdiction: 'default' }])
  expect(bare(text)).toBe(
    '<ListAllMyBucketsResult><Owner><ID>ann</ID><DisplayName>ann</DisplayName></Owner><Buckets/></ListAllMyBucketsResult>',
  )
})
