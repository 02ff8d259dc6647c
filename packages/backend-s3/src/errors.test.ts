import { inspect } from 'node:util'
import { isStorageError, parseBlobKey, StorageError } from '@stowage/core/backend'
import { describe, expect, test } from 'vitest'
import { isUnknownOutcome, translate } from './errors.ts'

const key = parseBlobKey('x1')
const call = { operation: 'put', request: 'PutObject', key } as const

/** An error as the vendor's client makes it. */
function serviceError(name: string, status: number): Error {
  return Object.assign(new Error(`secret https://host/bucket ${name}`), { name, $metadata: { httpStatusCode: status } })
}

function systemError(code: string): Error {
  return Object.assign(new Error(`connect ${code} 10.1.2.3:443`), { code, syscall: 'connect' })
}

describe('translate', () => {
  test.each([
    [serviceError('NoSuchKey', 404), 'BlobNotFound', false, false],
    [serviceError('NotFound', 404), 'BackendUnavailable', true, true],
    [serviceError('NoSuchRoute', 404), 'BackendUnavailable', true, true],
    [serviceError('NoSuchBucket', 404), 'BackendUnavailable', false, false],
    [serviceError('AccessDenied', 403), 'BackendUnavailable', false, false],
    [serviceError('Unknown', 403), 'BackendUnavailable', false, false],
    [serviceError('InvalidAccessKeyId', 403), 'BackendUnavailable', false, false],
    [serviceError('ExpiredToken', 400), 'BackendUnavailable', false, false],
    [serviceError('RequestTimeTooSkewed', 403), 'BackendUnavailable', false, false],
    [serviceError('PermanentRedirect', 301), 'BackendUnavailable', false, false],
    [serviceError('SlowDown', 503), 'BackendUnavailable', true, true],
    [serviceError('Unknown', 429), 'BackendUnavailable', true, true],
    [serviceError('InternalError', 500), 'BackendUnavailable', true, true],
    [serviceError('Unknown', 502), 'BackendUnavailable', true, true],
    [serviceError('BadDigest', 400), 'BackendUnavailable', true, false],
    [serviceError('NoSuchUpload', 404), 'BackendUnavailable', true, false],
    [serviceError('XMinioStorageFull', 507), 'StorageFull', false, false],
    [serviceError('QuotaExceeded', 403), 'StorageFull', false, false],
    [serviceError('NotImplemented', 501), 'NotSupported', false, false],
    [serviceError('SomethingNew', 400), 'BackendUnavailable', false, true],
    [systemError('ECONNREFUSED'), 'BackendUnavailable', true, true],
    [systemError('ECONNRESET'), 'BackendUnavailable', true, true],
    [systemError('ENOTFOUND'), 'BackendUnavailable', true, true],
    [Object.assign(new Error('late'), { name: 'TimeoutError' }), 'BackendUnavailable', true, true],
    [Object.assign(new Error('none'), { name: 'CredentialsProviderError' }), 'BackendUnavailable', false, false],
    [new Error('Region is missing'), 'BackendUnavailable', false, false],
    [new Error('wrapped', { cause: systemError('EPIPE') }), 'BackendUnavailable', true, true],
  ] as const)('%s is %s, retryable %s, outcome unknown %s', (cause, code, retryable, unknown) => {
    const error = translate(cause, call)
    expect(isStorageError(error)).toBe(true)
    expect(error).toMatchObject({ code, retryable, cause: { name: cause.name, message: cause.message } })
    if (isStorageError(error)) expect(isUnknownOutcome(error.cause)).toBe(unknown)
    expect(String(error)).not.toMatch(/secret|host|10\.1/)
    expect(isUnknownOutcome(cause)).toBe(unknown)
  })

  test('says of throttling that it is', () => {
    expect(translate(serviceError('SlowDown', 503), call)).toMatchObject({ details: { throttled: true } })
    expect(translate(serviceError('InternalError', 500), call)).toMatchObject({ details: { backend: 's3', operation: 'put' } })
  })

  test('what the vendor keeps in its errors for debugging does not come out: headers, signatures, tokens', () => {
    const token = 'FwoGZXIvYXdzEXAMPLE'
    const socket = Object.assign(systemError('ECONNRESET'), { request: { headers: { 'x-amz-security-token': token } } })
    const cause = Object.assign(serviceError('ExpiredToken', 400), {
      'Token-0': token,
      StringToSign: `AWS4-HMAC-SHA256\n${token}`,
      $response: { headers: { authorization: token }, body: { req: { _header: token } } },
      $metadata: { httpStatusCode: 400, requestId: 'R1', extendedRequestId: 'E1', attempts: 2, token },
      cause: new AggregateError([socket, Object.assign(new Error('again'), { token })], 'both'),
    })
    const error = translate(cause, call)
    expect(error).toMatchObject({
      message: 'S3 could not put: the credentials have expired (PutObject: ExpiredToken).',
      cause: {
        name: 'ExpiredToken',
        $metadata: { httpStatusCode: 400, requestId: 'R1', extendedRequestId: 'E1', attempts: 2 },
        cause: { name: 'AggregateError', errors: [{ code: 'ECONNRESET', syscall: 'connect' }, { message: 'again' }] },
      },
    })
    expect(inspect(error, { depth: null, showHidden: true })).not.toContain(token)
    const loop = new Error('round and round')
    loop.cause = loop
    expect(inspect(translate(loop, call))).toContain('round and round')
  })

  test('leaves a storage error as it is, and takes whatever was thrown', () => {
    const error = new StorageError('BlobNotFound', { blob: key })
    expect(translate(error, call)).toBe(error)
    for (const odd of ['a word', undefined, null, 7]) expect(translate(odd, call)).toMatchObject({ code: 'BackendUnavailable' })
  })
})
