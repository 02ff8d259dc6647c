import { describe, expect, test } from 'vitest'
import { formatBackendLocation, parseBackendLocation } from './backend-location.ts'

const read = (text: string): unknown => parseBackendLocation(text, '/data')

describe('parseBackendLocation', () => {
  test.each([
    ['file:/srv/blobs', { kind: 'file', directory: '/srv/blobs' }, 'file:/srv/blobs'],
    ['file:///srv/blobs/', { kind: 'file', directory: '/srv/blobs' }, 'file:/srv/blobs'],
    ['file:/data', { kind: 'file', directory: '' }, 'file:'],
    ['file:', { kind: 'file', directory: '' }, 'file:'],
    ['s3://photos', { kind: 's3', bucket: 'photos', prefix: '' }, 's3://photos'],
    ['s3://Photos_1/a/b/', { kind: 's3', bucket: 'Photos_1', prefix: 'a/b' }, 's3://Photos_1/a/b'],
    [
      's3://photos/a?endpoint=http://127.0.0.1:9000&region=eu-west-1&pathStyle=true',
      { kind: 's3', bucket: 'photos', prefix: 'a', endpoint: 'http://127.0.0.1:9000', region: 'eu-west-1', pathStyle: true },
      's3://photos/a?endpoint=http%3A%2F%2F127.0.0.1%3A9000&region=eu-west-1&pathStyle=true',
    ],
    ['gs://photos/x', { kind: 'gs', bucket: 'photos', prefix: 'x' }, 'gs://photos/x'],
    [
      'gs://photos?apiEndpoint=http://127.0.0.1:4443',
      { kind: 'gs', bucket: 'photos', prefix: '', apiEndpoint: 'http://127.0.0.1:4443' },
      'gs://photos?apiEndpoint=http%3A%2F%2F127.0.0.1%3A4443',
    ],
  ])('%s', (text, location, canonical) => {
    expect(read(text)).toEqual(location)
    expect(formatBackendLocation(parseBackendLocation(text, '/data'))).toBe(canonical)
    expect(read(canonical)).toEqual(location)
  })

  test.each(['http://h:80/', 'http://H', 'http://h/'])('an endpoint has one text, however it is written: %s', (endpoint) => {
    expect(read(`s3://b?endpoint=${endpoint}`)).toEqual({ kind: 's3', bucket: 'b', prefix: '', endpoint: 'http://h' })
  })

  test('parameters in another order say the same', () => {
    const [a, b] = ['s3://b?region=r&endpoint=http://h', 's3://b?endpoint=http://h&region=r']
    expect(formatBackendLocation(parseBackendLocation(a, null))).toBe(formatBackendLocation(parseBackendLocation(b, null)))
  })

  test.each([
    ['photos', 'is written as s3://BUCKET'],
    ['http://photos', 'is written as s3://BUCKET'],
    ['s3://', 'is written as s3://BUCKET'],
    ['s3:///a', 'is written as s3://BUCKET'],
    ['s3://photos:80', 'is written as s3://BUCKET'],
    ['s3://photos/%zz', 'is written as s3://BUCKET'],
    ['s3://photos#a', 'is written as s3://BUCKET'],
    ['s3://AKIA:secret@photos', 'Credentials do not belong'],
    ['s3://photos?endpoint=http://AKIA:secret@host', 'holds credentials'],
    ['s3://photos?acces_key=a', "Nobody knows 'acces_key' of a backend's URL. There are endpoint, region, pathStyle."],
    ['gs://photos?region=a', "Nobody knows 'region' of a backend's URL. There is apiEndpoint."],
    ['s3://photos?region=a&region=b', 'twice'],
    ['s3://photos?region=', 'empty'],
    ['s3://photos?endpoint=host:9000', 'itself a URL'],
    ['s3://photos?pathStyle=yes', 'true or false'],
  ])('%s is refused', (text, sentence) => {
    expect(() => read(text)).toThrow(sentence)
    expect(() => read(text)).not.toThrow('secret')
  })
})
