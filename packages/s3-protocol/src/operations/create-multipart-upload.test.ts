import { expect, test } from 'vitest'
import { bare, BUCKET, UPLOAD, wirePair } from '../../test/wire-pair.ts'
import { createMultipartUpload } from './create-multipart-upload.ts'

test('CreateMultipartUpload', async () => {
  const { asked, response, text } = await wirePair(
    createMultipartUpload,
    {
      key: 'k',
      query: { uploads: '' },
      headers: [
        ['content-type', 'a/b'],
        ['x-amz-meta-colour', 'red'],
        ['x-amz-checksum-algorithm', 'CRC32'],
        ['x-amz-checksum-type', 'FULL_OBJECT'],
      ],
    },
    { ...UPLOAD, checksum: { algorithm: 'CRC32', type: 'FULL_OBJECT' } },
  )
  expect(asked).toMatchObject([
    'createUpload',
    { bucket: { name: BUCKET }, key: 'k', headers: { contentType: 'a/b' }, checksum: { algorithm: 'CRC32', type: 'FULL_OBJECT' } },
  ])
  expect(bare(text)).toBe(
    '<InitiateMultipartUploadResult><Bucket>photos</Bucket><Key>k</Key><UploadId>u1</UploadId></InitiateMultipartUploadResult>',
  )
  expect(response.headers.slice(2)).toEqual([
    ['x-amz-checksum-algorithm', 'CRC32'],
    ['x-amz-checksum-type', 'FULL_OBJECT'],
  ])
})
