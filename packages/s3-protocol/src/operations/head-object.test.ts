import { expect, test } from 'vitest'
import { BUCKET, OBJECT, wirePair } from '../../test/wire-pair.ts'
import { headObject } from './head-object.ts'

test('HeadObject', async () => {
  const { asked, response } = await wirePair(
    headObject,
    { key: 'k', query: { partNumber: '2' }, headers: [['x-amz-checksum-mode', 'enabled']] },
    {
      info: { ...OBJECT, partCount: 3 },
      range: { start: 5, end: 11 },
      length: 6,
      checksum: { algorithm: 'CRC32', type: 'COMPOSITE', value: 'AAAAAA==' },
    },
  )
  expect(asked).toEqual(['headObject', { bucket: { name: BUCKET }, key: 'k', range: { part: 2 } }])
  expect(response.body).toBeNull()
  expect(response.status).toBe(206)
  expect(response.headers).toContainEqual(['content-length', '6'])
  expect(response.headers).toContainEqual(['x-amz-mp-parts-count', '3'])
  expect(response.headers).toContainEqual(['content-range', 'bytes 5-10/11'])
  expect(response.headers).toContainEqual(['x-amz-checksum-crc32', 'AAAAAA=='])
  expect(response.headers).toContainEqual(['x-amz-checksum-type', 'COMPOSITE'])
})
