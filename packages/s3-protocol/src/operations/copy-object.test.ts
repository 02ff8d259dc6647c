import { expect, test } from 'vitest'
import { bare, BUCKET, OBJECT, wirePair } from '../../test/wire-pair.ts'
import { copyObject } from './copy-object.ts'

test('CopyObject', async () => {
  const { asked, response, text } = await wirePair(
    copyObject,
    {
      key: 'k',
      headers: [
        ['x-amz-copy-source', 'other/a%20b?versionId=v0'],
        ['x-amz-copy-source-if-match', '"a"'],
        ['if-match', '"b"'],
        ['x-amz-metadata-directive', 'REPLACE'],
        ['x-amz-meta-colour', 'red'],
        ['x-amz-checksum-algorithm', 'sha256'],
      ],
    },
    { info: { ...OBJECT, versionId: 'v1', checksum: { algorithm: 'SHA256', type: 'FULL_OBJECT', value: 'x' } }, sourceVersionId: 'v0' },
  )
  expect(asked).toMatchObject([
    'copyObject',
    {
      bucket: { name: BUCKET },
      key: 'k',
      source: { bucket: { name: 'other' }, key: 'a b', versionId: 'v0', conditions: { ifMatch: ['a'] } },
      metadataDirective: 'REPLACE',
      taggingDirective: 'COPY',
      conditions: { ifMatch: ['b'] },
      checksumAlgorithm: 'SHA256',
    },
  ])
  expect(response.headers.slice(2)).toEqual([
    ['x-amz-copy-source-version-id', 'v0'],
    ['x-amz-version-id', 'v1'],
  ])
  expect(bare(text)).toBe(
    '<CopyObjectResult><LastModified>2026-01-02T03:04:05.678Z</LastModified><ETag>"5eb63bbbe01eeed093cb22bb8f5acdc3"</ETag>' +
      '<ChecksumSHA256>x</ChecksumSHA256></CopyObjectResult>',
  )
})
