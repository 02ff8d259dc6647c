import { expect, test } from 'vitest'
import { bare, BUCKET, PART, wirePair } from '../../test/wire-pair.ts'
import { uploadPartCopy } from './upload-part-copy.ts'

test('UploadPartCopy', async () => {
  const { asked, response, text } = await wirePair(
    uploadPartCopy,
    {
      key: 'k',
      query: { uploadId: 'u1', partNumber: '2' },
      headers: [
        ['x-amz-copy-source', '/other/k'],
        ['x-amz-copy-source-range', 'bytes=0-10'],
        ['x-amz-copy-source-if-none-match', '"a"'],
      ],
    },
    { part: PART, sourceVersionId: 'v0' },
  )
  expect(asked).toEqual([
    'uploadPartCopy',
    {
      bucket: { name: BUCKET },
      key: 'k',
      uploadId: 'u1',
      partNumber: 2,
      source: { bucket: { name: 'other' }, key: 'k', range: { start: 0, end: 11 }, conditions: { ifNoneMatch: ['a'] } },
    },
  ])
  expect(bare(text)).toBe(
    '<CopyPartResult><LastModified>2026-01-02T03:04:05.678Z</LastModified><ETag>"5eb63bbbe01eeed093cb22bb8f5acdc3"</ETag></CopyPartResult>',
  )
  expect(response.headers).toContainEqual(['x-amz-copy-source-version-id', 'v0'])
})
