import { expect, test } from 'vitest'
import { BUCKET, PART, wirePair } from '../../test/wire-pair.ts'
import { uploadPart } from './upload-part.ts'

const source = (async function* () {})()

test('UploadPart', async () => {
  const { asked, response } = await wirePair(
    uploadPart,
    { key: 'k', query: { uploadId: 'u1', partNumber: '2' }, body: { source, expected: { size: 11 } } },
    { ...PART, checksum: { algorithm: 'CRC32C', type: 'FULL_OBJECT', value: 'AAAAAA==' } },
  )
  expect(asked).toEqual(['uploadPart', { bucket: { name: BUCKET }, key: 'k', uploadId: 'u1', partNumber: 2, size: 11, body: source }])
  expect(response).toEqual({
    status: 200,
    headers: [
      ['etag', '"5eb63bbbe01eeed093cb22bb8f5acdc3"'],
      ['x-amz-checksum-crc32c', 'AAAAAA=='],
      ['content-length', '0'],
    ],
    body: null,
  })
})
