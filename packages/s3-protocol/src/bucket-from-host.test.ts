import { expect, test } from 'vitest'
import { bucketFromHost } from './bucket-from-host.ts'

test.each<[string, string | null]>([
  ['photos.s3.test', 'photos'],
  ['photos.s3.test:9000', 'photos'],
  ['Photos.S3.Test', 'photos'],
  ['a.b.s3.test', 'a.b'],
  ['photos.files.s3.test', 'photos'],
  ['photos.s3.test.', 'photos'],
  ['photos.s3.test.:9000', 'photos'],
  ['s3.test.', null],
  ['files.s3.test.:80', null],
  ['photos.s3.test..', null],
  ['s3.test', null],
  ['s3.test:80', null],
  ['files.s3.test', null],
  ['photos.elsewhere.test', null],
  ['photoss3.test', null],
  ['.s3.test', null],
  ['127.0.0.1:9000', null],
  ['[::1]:9000', null],
  ['', null],
])('the bucket of the host %s is %s', (host, bucket) => {
  expect(bucketFromHost(['s3.test', 'files.s3.test'])(host)).toBe(bucket)
})

test('without a domain no host names a bucket', () => {
  expect(bucketFromHost([])('photos.s3.test')).toBeNull()
})

test.each(['', 's3.test:9000', 'http://s3.test', '.s3.test', 's3.test.', '*.s3.test'])('%j is no domain', (domain) => {
  expect(() => bucketFromHost([domain])).toThrow(TypeError)
})
