import { expect, test } from 'vitest'
import { checkBucketName } from './check-bucket-name.ts'

test.each(['abc', 'a-b', 'a.b', '123', 'my-bucket.example.com', '1.2.3', 'a'.repeat(63), 'a--b'])('takes %s', (name) => {
  expect(() => checkBucketName({ name })).not.toThrow()
})

const MALFORMED = [
  '',
  'ab',
  'a'.repeat(64),
  'Abc',
  'a_b',
  'a b',
  'ä-b',
  'a/b',
  '-ab',
  'ab-',
  '.ab',
  'ab.',
  'a..b',
  'a.-b',
  'a-.b',
  '192.168.0.1',
]
const RESERVED = [
  'xn--abc',
  'sthree-abc',
  'amzn-s3-demo-abc',
  'abc-s3alias',
  'abc--ol-s3',
  'abc.mrap',
  'abc--x-s3',
  'abc--table-s3',
  'abc\n',
]

test.each([...MALFORMED, ...RESERVED])('refuses %j', (name) => {
  expect(() => checkBucketName({ name })).toThrow(
    expect.objectContaining({ code: 'InvalidBucketName', details: expect.objectContaining({ bucket: name }) }),
  )
})

test('a jurisdiction has an alphabet of its own', () => {
  expect(() => checkBucketName({ name: 'abc', jurisdiction: 'eu-1' })).not.toThrow()
  for (const jurisdiction of ['', 'EU', 'a/b', 'a'.repeat(64)]) {
    expect(() => checkBucketName({ name: 'abc', jurisdiction })).toThrow(expect.objectContaining({ code: 'InvalidArgument' }))
  }
})
