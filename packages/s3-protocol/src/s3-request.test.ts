import { describe, expect, test } from 'vitest'
import { httpRequest, rawRequest } from '../test/signed-request.ts'
import { readPublicUrl } from './public-url.ts'
import { hasQuery, parseS3Request, queryValue } from './s3-request.ts'

const place = (target: string): readonly string[] => {
  const { bucket, key } = rawRequest({ target, headers: [] })
  return [bucket, key]
}
const invalid = expect.objectContaining({ name: 'S3Error', code: 'InvalidURI', status: 400 })

describe('parseS3Request', () => {
  test('path style, exactly as it came', () => {
    expect(place('/')).toEqual(['', ''])
    expect(place('/?x')).toEqual(['', ''])
    expect(place('/b')).toEqual(['b', ''])
    expect(place('/b/')).toEqual(['b', ''])
    expect(place('/b//')).toEqual(['b', '/'])
    expect(place('/b//a/../%2e%2e/./c/')).toEqual(['b', '/a/../.././c/'])
    expect(place('/b/a%2Fb+c%20d\\e')).toEqual(['b', 'a/b+c d\\e'])
    expect(place('/b/%25%3F%23#')).toEqual(['b', '%?##'])
    expect(place('/a%2Fb/c')).toEqual(['a/b', 'c'])
    expect(place('/b/%E2%82%AC')).toEqual(['b', '€'])
  })

  test('refuses what it cannot tell', () => {
    for (const target of ['//k', '/b/%', '/b/%ff', '/b?%zz', '*', 'http://h/b', '/%c3'])
      expect(() => place(target), target).toThrow(invalid)
  })

  test('a host may name the bucket; then the signed path is all key', () => {
    const request = httpRequest({ target: '/a%2Fb/c', headers: [['host', 'b.s3.test:9000']] })
    const bucketFromHost = (host: string): string | null => /^(.+)\.s3\.test(?::\d+)?$/.exec(host)?.[1] ?? null
    expect(parseS3Request(request, { bucketFromHost })).toMatchObject({ bucket: 'b', key: 'a/b/c', signedPath: '/a%2Fb/c' })
    const plain = httpRequest({ target: '/b/c', headers: [['host', 's3.test']] })
    expect(parseS3Request(plain, { bucketFromHost })).toMatchObject({ bucket: 'b', key: 'c' })
  })

  test('a bucket that the host names is in every address that the signature may be over', () => {
    const publicUrls = ['https://s3.test', 'https://example.com/s3'].map(readPublicUrl)
    const bucketFromHost = (host: string): string | null => /^(.+)\.s3\.test$/.exec(host)?.[1] ?? null
    const request = httpRequest({ target: '/other/k', headers: [['host', 'b.s3.test']] })
    expect(parseS3Request(request, { bucketFromHost, publicUrls })).toMatchObject({
      bucket: 'b',
      key: 'other/k',
      signedElsewhere: [
        { host: 'b.s3.test', path: '/other/k' },
        { host: 'b.example.com', path: '/s3/other/k' },
      ],
    })
    const likeAPath = httpRequest({ target: '/s3/k', headers: [['host', 'b.s3.test']] })
    expect(parseS3Request(likeAPath, { bucketFromHost, publicUrls })).toMatchObject({ bucket: 'b', key: 's3/k' })
  })

  test('the path of a public address is taken off only where the host may be that address', () => {
    const publicUrls = ['https://example.com/data', 'https://s3.test'].map(readPublicUrl)
    const at = (host: string): readonly string[] => {
      const { bucket, key } = parseS3Request(httpRequest({ target: '/data/foo/k', headers: [['host', host]] }), { publicUrls })
      return [bucket, key]
    }
    expect(at('example.com')).toEqual(['foo', 'k'])
    expect(at('S3.test')).toEqual(['data', 'foo/k'])
    expect(at('example.com:443')).toEqual(['foo', 'k'])
    expect(at('behind.a.proxy')).toEqual(['foo', 'k'])
  })

  test('a host that is none of the public ones leaves two readings', () => {
    const publicUrls = ['https://example.com/data'].map(readPublicUrl)
    const at = (host: string, target = '/data/foo/k'): ReturnType<typeof parseS3Request> =>
      parseS3Request(httpRequest({ target, headers: [['host', host]] }), { publicUrls })
    expect(at('behind.a.proxy').asReceived).toMatchObject({ bucket: 'data', key: 'foo/k', signedElsewhere: [], asReceived: null })
    expect(at('example.com').asReceived).toBeNull()
    expect(at('behind.a.proxy', '/foo/k').asReceived).toBeNull()
  })
})

test('query values', () => {
  const request = rawRequest({ target: '/b?acl&prefix=a+b&x=1&x=2', headers: [] })
  expect(hasQuery(request, 'acl')).toBe(true)
  expect(hasQuery(request, 'ACL')).toBe(false)
  expect(queryValue(request, 'acl')).toBe('')
  expect(queryValue(request, 'prefix')).toBe('a b')
  expect(queryValue(request, 'missing')).toBeNull()
  expect(() => queryValue(request, 'x')).toThrow(expect.objectContaining({ code: 'InvalidArgument', fields: { ArgumentName: 'x' } }))
})
