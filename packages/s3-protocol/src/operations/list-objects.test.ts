import { expect, test } from 'vitest'
import { bare, BUCKET, wirePair } from '../../test/wire-pair.ts'
import { listObjects } from './list-objects.ts'

const PAGE = { objects: [], commonPrefixes: ['p/'], truncated: true, nextToken: 't', nextMarker: 'p/' }

test('ListObjects', async () => {
  const { asked, text } = await wirePair(listObjects, { query: { delimiter: '/', marker: 'a', 'max-keys': '1' } }, PAGE)
  expect(asked).toEqual(['listObjects', { bucket: { name: BUCKET }, prefix: '', limit: 1, delimiter: '/', startAfter: 'a' }])
  expect(bare(text)).toBe(
    '<ListBucketResult><Name>photos</Name><Prefix/><MaxKeys>1</MaxKeys><Delimiter>/</Delimiter><IsTruncated>true</IsTruncated>' +
      '<Marker>a</Marker><NextMarker>p/</NextMarker><CommonPrefixes><Prefix>p/</Prefix></CommonPrefixes></ListBucketResult>',
  )
})

test('without a delimiter the last key is the marker, and nobody says so', async () => {
  const object = { key: 'k', etag: 'e', size: 1, createdAt: new Date(0), checksum: null, headers: {}, ownerId: null }
  const { asked, text } = await wirePair(listObjects, { query: {} }, { ...PAGE, commonPrefixes: [], objects: [object] })
  expect(asked).toEqual(['listObjects', { bucket: { name: BUCKET }, prefix: '', limit: 1000 }])
  expect(text).not.toContain('NextMarker')
})

test('without a delimiter a page that shows nothing says where the next begins', async () => {
  const { text } = await wirePair(listObjects, { query: {} }, { ...PAGE, commonPrefixes: [], nextMarker: 'opaque' })
  expect(text).toContain('<NextMarker>opaque</NextMarker>')
})
