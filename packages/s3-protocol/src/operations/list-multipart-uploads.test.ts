import { expect, test } from 'vitest'
import { bare, BUCKET, UPLOAD, wirePair } from '../../test/wire-pair.ts'
import { listMultipartUploads } from './list-multipart-uploads.ts'

test('ListMultipartUploads', async () => {
  const { asked, text } = await wirePair(
    listMultipartUploads,
    {
      query: {
        uploads: '',
        prefix: 'p ',
        delimiter: '/',
        'key-marker': 'a b',
        'upload-id-marker': 'u0',
        'max-uploads': '2',
        'encoding-type': 'url',
      },
    },
    { uploads: [{ ...UPLOAD, key: 'p k' }], commonPrefixes: ['p x/'], truncated: true, nextKeyMarker: 'p k', nextUploadIdMarker: 'u1' },
  )
  expect(asked).toEqual([
    'listUploads',
    { bucket: { name: BUCKET }, prefix: 'p ', limit: 2, delimiter: '/', keyMarker: 'a b', uploadIdMarker: 'u0' },
  ])
  expect(bare(text)).toBe(
    '<ListMultipartUploadsResult><Bucket>photos</Bucket><KeyMarker>a%20b</KeyMarker><UploadIdMarker>u0</UploadIdMarker>' +
      '<NextKeyMarker>p%20k</NextKeyMarker><NextUploadIdMarker>u1</NextUploadIdMarker><Prefix>p%20</Prefix><Delimiter>/</Delimiter>' +
      '<EncodingType>url</EncodingType><MaxUploads>2</MaxUploads><IsTruncated>true</IsTruncated>' +
      '<Upload><UploadId>u1</UploadId><Key>p%20k</Key><Initiated>2026-01-02T03:04:05.678Z</Initiated><StorageClass>STANDARD</StorageClass>' +
      '<Owner><ID>ann</ID><DisplayName>ann</DisplayName></Owner><Initiator><ID>ann</ID><DisplayName>ann</DisplayName></Initiator></Upload>' +
      '<CommonPrefixes><Prefix>p%20x/</Prefix></CommonPrefixes></ListMultipartUploadsResult>',
  )
})

test('an upload id without a key counts for nothing', async () => {
  const nothing = { uploads: [], commonPrefixes: [], truncated: false, nextKeyMarker: null, nextUploadIdMarker: null }
  const { asked } = await wirePair(listMultipartUploads, { query: { uploads: '', 'upload-id-marker': 'u0' } }, nothing)
  expect(asked).toEqual(['listUploads', { bucket: { name: BUCKET }, prefix: '', limit: 1000 }])
})
