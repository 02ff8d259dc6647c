import { expect, test } from 'vitest'
import { bare, BUCKET, PART, UPLOAD, wirePair } from '../../test/wire-pair.ts'
import { listParts } from './list-parts.ts'

test('ListParts', async () => {
  const { asked, text } = await wirePair(
    listParts,
    { key: 'k', query: { uploadId: 'u1', 'part-number-marker': '1', 'max-parts': '1' } },
    {
      upload: { ...UPLOAD, checksum: { algorithm: 'SHA1', type: 'COMPOSITE' } },
      parts: [{ ...PART, checksum: { algorithm: 'SHA1', type: 'FULL_OBJECT', value: 'x' } }],
      truncated: true,
      nextPartNumberMarker: 2,
    },
  )
  expect(asked).toEqual(['listParts', { bucket: { name: BUCKET }, key: 'k', uploadId: 'u1', partNumberMarker: 1, limit: 1 }])
  expect(bare(text)).toBe(
    '<ListPartsResult><Bucket>photos</Bucket><Key>k</Key><UploadId>u1</UploadId><Initiator><ID>ann</ID><DisplayName>ann</DisplayName></Initiator>' +
      '<Owner><ID>ann</ID><DisplayName>ann</DisplayName></Owner><StorageClass>STANDARD</StorageClass><PartNumberMarker>1</PartNumberMarker>' +
      '<NextPartNumberMarker>2</NextPartNumberMarker><MaxParts>1</MaxParts><IsTruncated>true</IsTruncated>' +
      '<ChecksumAlgorithm>SHA1</ChecksumAlgorithm><ChecksumType>COMPOSITE</ChecksumType>' +
      '<Part><PartNumber>2</PartNumber><LastModified>2026-01-02T03:04:05.678Z</LastModified><ETag>"5eb63bbbe01eeed093cb22bb8f5acdc3"</ETag>' +
      '<Size>11</Size><ChecksumSHA1>x</ChecksumSHA1></Part></ListPartsResult>',
  )
})
