import { Readable } from 'node:stream'
import { expect, test } from 'vitest'
import { BUCKET, OBJECT, wirePair } from '../../test/wire-pair.ts'
import { getObject } from './get-object.ts'

test('GetObject', async () => {
  const { asked, response, text } = await wirePair(
    getObject,
    {
      key: 'k',
      query: { versionId: 'v1', 'response-content-type': 'x/y' },
      headers: [
        ['range', 'bytes=2-4'],
        ['if-none-match', '"a"'],
      ],
    },
    { info: { ...OBJECT, versionId: 'v1' }, range: { start: 2, end: 5 }, length: 3, bytes: Buffer.from('llo') },
  )
  expect(asked).toEqual([
    'getObject',
    { bucket: { name: BUCKET }, key: 'k', versionId: 'v1', range: { start: 2, end: 5 }, conditions: { ifNoneMatch: ['a'] } },
  ])
  expect([response.status, text]).toEqual([206, 'llo'])
  expect(response.headers).toEqual([
    ['last-modified', 'Fri, 02 Jan 2026 03:04:05 GMT'],
    ['etag', '"5eb63bbbe01eeed093cb22bb8f5acdc3"'],
    ['accept-ranges', 'bytes'],
    ['content-length', '3'],
    ['content-type', 'x/y'],
    ['x-amz-version-id', 'v1'],
    ['content-range', 'bytes 2-4/11'],
  ])
})

test('opens what is not at hand', async () => {
  const stream = Readable.from(['hello'])
  const opened = { info: OBJECT, range: null, length: 11, checksum: null, bytes: null, open: async () => stream }
  const { response } = await wirePair(getObject, { key: 'k' }, opened)
  expect([response.status, response.body]).toEqual([200, stream])
})
