import { expect, test } from 'vitest'
import { BUCKET, wirePair } from '../../test/wire-pair.ts'
import { headBucket } from './head-bucket.ts'

test('HeadBucket', async () => {
  const { asked, response } = await wirePair(headBucket, {}, { name: BUCKET })
  expect(asked).toEqual(['headBucket', { bucket: { name: BUCKET } }])
  expect(response).toEqual({
    status: 200,
    headers: [
      ['x-amz-bucket-region', 'eu-central-1'],
      ['content-type', 'application/xml'],
    ],
    body: null,
  })
})
