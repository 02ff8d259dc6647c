import { expect, test } from 'vitest'
import { BUCKET, wirePair } from '../../test/wire-pair.ts'
import { deleteBucket } from './delete-bucket.ts'

test('DeleteBucket', async () => {
  const { asked, response } = await wirePair(deleteBucket, {}, undefined)
  expect(asked).toEqual(['deleteBucket', { bucket: { name: BUCKET } }])
  expect(response).toEqual({ status: 204, headers: [], body: null })
})
