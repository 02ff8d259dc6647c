import { expect, test } from 'vitest'
import { bare, BUCKET, wirePair } from '../../test/wire-pair.ts'
import { getBucketLocation } from './get-bucket-location.ts'

test('GetBucketLocation', async () => {
  const { asked, text } = await wirePair(getBucketLocation, { query: { location: '' } }, { name: BUCKET })
  expect(asked).toEqual(['headBucket', { bucket: { name: BUCKET } }])
  expect(bare(text)).toBe('<LocationConstraint>eu-central-1</LocationConstraint>')
})
