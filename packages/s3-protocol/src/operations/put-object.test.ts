import { expect, test } from 'vitest'
import { BUCKET, OBJECT, wirePair } from '../../test/wire-pair.ts'
import { putObject } from './put-object.ts'

const source = (async function* () {})()

test('PutObject', async () => {
  const { asked, response } = await wirePair(
    putObject,
    {
      key: 'k',
      headers: [
        ['content-type', 'a/b'],
        ['if-none-match', '*'],
        ['x-amz-meta-colour', 'red'],
        ['x-amz-tagging', 'a=1'],
      ],
      body: { source, expected: { size: 11, md5: 'm', sha256: 'ff' } },
    },
    { ...OBJECT, versionId: 'v1', checksum: { algorithm: 'CRC32', type: 'FULL_OBJECT', value: 'AAAAAA==' } },
  )
  expect(asked).toMatchObject([
    'putObject',
    {
      bucket: { name: BUCKET },
      key: 'k',
      headers: { contentType: 'a/b' },
      userMetadata: { colour: 'red' },
      tags: { a: '1' },
      size: 11,
      md5: 'm',
      sha256: 'ff',
      body: source,
      conditions: { ifNoneMatch: '*' },
    },
  ])
  expect(response).toEqual({
    status: 200,
    headers: [
      ['etag', '"5eb63bbbe01eeed093cb22bb8f5acdc3"'],
      ['x-amz-checksum-crc32', 'AAAAAA=='],
      ['x-amz-checksum-type', 'FULL_OBJECT'],
      ['x-amz-version-id', 'v1'],
      ['content-length', '0'],
    ],
    body: null,
  })
})
