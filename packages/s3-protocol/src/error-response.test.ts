import { StorageError } from '@stowage/core'
import { HttpInputError } from '@stowage/http'
import type { HttpResponse } from '@stowage/http'
import { describe, expect, test } from 'vitest'
import { errorResponse, internalErrorResponse } from './error-response.ts'
import type { ErrorContext } from './error-response.ts'
import { S3Error } from './s3-error.ts'

const CONTEXT: ErrorContext = { requestId: 'A1', resource: '/b/k', head: false, conditional: false }
const text = (response: HttpResponse | null): string => (response?.body instanceof Uint8Array ? Buffer.from(response.body).toString() : '')

describe('errorResponse', () => {
  test('is the document that S3 writes', () => {
    const response = errorResponse(new StorageError('ObjectNotFound', { bucket: 'b', key: 'a<b' }), CONTEXT)
    expect(text(response)).toBe(
      '<?xml version="1.0" encoding="UTF-8"?><Error><Code>NoSuchKey</Code><Message>The specified key does not exist.</Message>' +
        '<Key>a&lt;b</Key><Resource>/b/k</Resource><RequestId>A1</RequestId><HostId>A1</HostId></Error>',
    )
    expect(response).toMatchObject({
      status: 404,
      headers: [
        ['content-type', 'application/xml'],
        ['content-length', String(text(response).length)],
      ],
    })
  })

  test('of HEAD has no body', () => {
    for (const error of [new StorageError('ObjectNotFound', { bucket: 'b', key: 'k' }), new S3Error('AccessDenied', 'no')]) {
      expect(errorResponse(error, { ...CONTEXT, head: true })?.body).toBeNull()
    }
    expect(internalErrorResponse({ ...CONTEXT, head: true })).toEqual({ status: 500, headers: [], body: null })
  })

  test('that something is not modified has its validators and no body', () => {
    const error = new StorageError('NotModified', { etag: 'e', lastModified: new Date('2026-01-02T03:04:05.678Z') })
    expect(errorResponse(error, CONTEXT)).toEqual({
      status: 304,
      headers: [
        ['etag', '"e"'],
        ['last-modified', 'Fri, 02 Jan 2026 03:04:05 GMT'],
      ],
      body: null,
    })
  })

  test.each<[string, unknown, readonly (readonly [string, string])[]]>([
    ['the size behind a range', new StorageError('InvalidRange', { size: 7 }), [['content-range', 'bytes */7']]],
    [
      'a delete marker',
      new StorageError('DeleteMarkerFound', { bucket: 'b', key: 'k', versionId: 'v' }),
      [
        ['x-amz-delete-marker', 'true'],
        ['x-amz-version-id', 'v'],
        ['allow', 'DELETE'],
      ],
    ],
    ['when to come again', new StorageError('Conflict', { what: 'x' }, { retryable: true }), [['retry-after', '1']]],
    ['what an error brings itself', new S3Error('MethodNotAllowed', 'no', { headers: [['allow', 'GET']] }), [['allow', 'GET']]],
  ])('tells %s in its headers', (_, error, headers) => {
    expect(errorResponse(error, CONTEXT)?.headers.slice(2)).toEqual(headers)
  })

  test('a conflict has another name where the request had a condition', () => {
    const error = new StorageError('Conflict', { what: 'x' }, { retryable: true })
    expect(text(errorResponse(error, CONTEXT))).toContain('<Code>OperationAborted</Code>')
    expect(text(errorResponse(error, { ...CONTEXT, conditional: true }))).toContain('<Code>ConditionalRequestConflict</Code>')
  })

  test('a fault in the form of a request is the client’s', () => {
    expect(errorResponse(new HttpInputError('TargetInvalid', 'target', 'No.'), CONTEXT)).toMatchObject({ status: 400 })
  })

  test('what nobody knows is for the log alone', () => {
    for (const error of [new Error('at /srv/secret'), new TypeError('x'), 'text', undefined, null])
      expect(errorResponse(error, CONTEXT)).toBeNull()
    expect(text(internalErrorResponse(CONTEXT))).toContain('<Code>InternalError</Code>')
  })

  test('text that XML cannot hold does not make it fail', () => {
    const error = new S3Error('InvalidArgument', 'no', { fields: { ArgumentValue: '\0\u0001' } })
    expect(text(errorResponse(error, CONTEXT))).toContain('<ArgumentValue>\ufffd&#1;</ArgumentValue>')
  })
})
