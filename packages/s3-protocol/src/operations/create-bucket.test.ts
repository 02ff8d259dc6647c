import { expect, test } from 'vitest'
import { BUCKET, wirePair } from '../../test/wire-pair.ts'
import { createBucket } from './create-bucket.ts'

test('CreateBucket', async () => {
  const body = Buffer.from('<CreateBucketConfiguration><LocationConstraint>eu-central-1</LocationConstraint></CreateBucketConfiguration>')
  const { asked, response } = await wirePair(createBucket, { body }, { name: BUCKET })
  expect(asked).toEqual(['createBucket', { bucket: { name: BUCKET } }])
  expect(response).toEqual({
    status: 200,
    headers: [
      ['location', '/photos'],
      ['content-length', '0'],
    ],
    body: null,
  })
})

test.each([
  [[['x-amz-object-ownership', 'ObjectWriter']], '', 'NotImplemented'],
  [[['x-amz-acl', 'public-read']], '', 'AccessControlListNotSupported'],
  [
    [],
    '<CreateBucketConfiguration><LocationConstraint>mars-1</LocationConstraint></CreateBucketConfiguration>',
    'IllegalLocationConstraintException',
  ],
] as const)('%j with %j is %s', async (headers, body, code) => {
  await expect(wirePair(createBucket, { headers, body: Buffer.from(body) }, null)).rejects.toMatchObject({ code })
})
