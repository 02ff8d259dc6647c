import { expect, test } from 'vitest'
import { bare, BUCKET, OBJECT, wirePair } from '../../test/wire-pair.ts'
import { completeMultipartUpload } from './complete-multipart-upload.ts'

const LIST =
  '<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>&quot;a&quot;</ETag></Part>' +
  '<Part><ChecksumCRC32>AAAAAA==</ChecksumCRC32><ETag>b</ETag><PartNumber> 2 </PartNumber><Size>7</Size></Part></CompleteMultipartUpload>'

test('CompleteMultipartUpload', async () => {
  const { asked, response, text } = await wirePair(
    completeMultipartUpload,
    {
      key: 'k',
      query: { uploadId: 'u1' },
      headers: [
        ['if-none-match', '*'],
        ['x-amz-checksum-crc32', 'AAAAAA==-2'],
        ['x-amz-mp-object-size', '11'],
      ],
      body: Buffer.from(LIST),
    },
    { ...OBJECT, etag: 'e-2', versionId: 'v1', checksum: { algorithm: 'CRC32', type: 'COMPOSITE', value: 'AAAAAA==-2' } },
  )
  expect(asked).toEqual([
    'completeUpload',
    {
      bucket: { name: BUCKET },
      key: 'k',
      uploadId: 'u1',
      parts: [
        { partNumber: 1, etag: 'a' },
        { partNumber: 2, etag: 'b', checksum: { algorithm: 'CRC32', type: 'FULL_OBJECT', value: 'AAAAAA==' } },
      ],
      checksum: { algorithm: 'CRC32', type: 'COMPOSITE', value: 'AAAAAA==-2' },
      conditions: { ifNoneMatch: '*' },
      size: 11,
    },
  ])
  expect(response.headers).toContainEqual(['x-amz-version-id', 'v1'])
  expect(bare(text)).toBe(
    '<CompleteMultipartUploadResult><Location>https://s3.test/photos/k</Location><Bucket>photos</Bucket><Key>k</Key><ETag>"e-2"</ETag>' +
      '<ChecksumCRC32>AAAAAA==-2</ChecksumCRC32><ChecksumType>COMPOSITE</ChecksumType></CompleteMultipartUploadResult>',
  )
})
