import { isStorageError, parseBlobKey, StorageError } from '@stowage/core/backend'
import { describe, expect, test } from 'vitest'
import { refusal } from '../test/support/scripted-server.ts'
import { ChecksumFailure, CredentialsFailure, IdleTimeout, mayPass, NoConnection, SessionLost, translate } from './errors.ts'
import type { FailedCall } from './errors.ts'
import { UnreadableAnswer } from './object-facts.ts'
import { readRefusal } from './refusal.ts'

const key = parseBlobKey('x1')

/** An answer as the service words it, read as it is read. */
function answered(status: number, reason: string, message: string): Error {
  const { body } = refusal(status, reason, message)
  return readRefusal(status, {}, String(body))
}

function networkError(code: string): Error {
  return Object.assign(new Error(`${code} https://storage.googleapis.com/upload?upload_id=secret`), { code })
}

describe('translate', () => {
  test.each([
    [429, '', true],
    [503, 'backendError', true],
    [403, 'userRateLimitExceeded', true],
    [500, 'backendError', undefined],
    [403, 'forbidden', undefined],
  ])('%i %s asks for fewer requests: %s', (status, reason, throttled) => {
    const { details } = translate(answered(status, reason, ''), { operation: 'put' }) as StorageError<'BackendUnavailable'>
    expect(details.throttled).toBe(throttled)
  })

  test.each([
    [404, 'notFound', 'No such object: blobs/x1', 'get', 'BlobNotFound', false],
    [404, 'notFound', 'The specified bucket does not exist.', 'get', 'BackendUnavailable', false],
    [404, 'notFound', 'The specified bucket does not exist.', 'put', 'BackendUnavailable', false],
    [404, 'notFound', 'Not Found', 'copy', 'BackendUnavailable', false],
    [404, 'notFound', 'No such object: blobs/x1', 'put', 'BackendUnavailable', false],
    [404, 'notFound', 'No such object: blobs/y1', 'join', 'BackendUnavailable', false],
    [412, 'conditionNotMet', 'At least one of the pre-conditions you specified did not hold.', 'put', 'Conflict', false],
    [401, 'authError', 'Invalid Credentials', 'get', 'BackendUnavailable', false],
    [403, 'forbidden', 'secret@project.iam does not have storage.objects.get access', 'get', 'BackendUnavailable', false],
    [403, 'rateLimitExceeded', 'The rate limit was exceeded.', 'put', 'BackendUnavailable', true],
    [403, 'retentionPolicyNotMet', "Object 'blobs/x1' is subject to bucket's retention policy", 'delete', 'BackendUnavailable', false],
    [403, 'objectUnderActiveHold', 'Object is under active Temporary hold', 'delete', 'BackendUnavailable', false],
    [400, 'invalid', 'Provided CRC32C "AAAAAA==" doesn\'t match calculated CRC32C "yZRlqg==".', 'put', 'BackendUnavailable', true],
    [400, 'required', 'Bucket is a requester pays bucket', 'get', 'BackendUnavailable', false],
    [408, 'uploadBrokenConnection', 'Request timeout', 'put', 'BackendUnavailable', true],
    [429, 'rateLimitExceeded', 'secret: the object exceeded the rate limit', 'put', 'BackendUnavailable', true],
    [500, 'backendError', 'We encountered an internal error.', 'list', 'BackendUnavailable', true],
    [503, 'backendError', 'Backend Error', 'join', 'BackendUnavailable', true],
    [504, '', 'Gateway Timeout', 'get', 'BackendUnavailable', true],
    [302, '', '', 'get', 'BackendUnavailable', false],
  ] as const)('%i %s %j in a %s is %s, retryable %s', (status, reason, message, operation, code, retryable) => {
    const cause = answered(status, reason, message)
    const error = translate(cause, { operation, key })
    expect(error).toMatchObject({ code, retryable, cause })
    expect(String(error)).not.toMatch(/secret|:\/\/|blobs\//)
  })

  test('a page of somebody else says nothing of a bucket, and may be gone the next time', () => {
    const error = translate(readRefusal(404, {}, '<html>The specified bucket does not exist: secret</html>'), { operation: 'get', key })
    expect(error).toMatchObject({ code: 'BackendUnavailable', retryable: true, message: expect.stringMatching(/not Cloud Storage/) })
    expect(String(error)).not.toContain('secret')
  })

  test.each([
    ['ECONNRESET', true],
    ['ECONNREFUSED', true],
    ['ENOTFOUND', true],
    ['ETIMEDOUT', true],
    ['HPE_INVALID_CONSTANT', true],
    ['CERT_HAS_EXPIRED', false],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', false],
    ['ERR_TLS_CERT_ALTNAME_INVALID', false],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', false],
  ])('%s of the network is retryable: %s', (code, retryable) => {
    const error = translate(networkError(code), { operation: 'put', key })
    expect(error).toMatchObject({ code: 'BackendUnavailable', retryable })
    expect(String(error)).toContain(code)
    expect(String(error)).not.toMatch(/secret|:\/\//)
  })

  test.each([
    [new IdleTimeout(60), true],
    [new SessionLost('gone'), true],
    [new NoConnection('512 secret'), true],
    [new ChecksumFailure('other bytes'), true],
    [new UnreadableAnswer('a page of a proxy'), true],
    [new CredentialsFailure(new Error('Could not load the default credentials. secret')), false],
    [new CredentialsFailure(Object.assign(new Error('ENOENT: secret'), { code: 'ENOENT' })), false],
    [new CredentialsFailure(Object.assign(new Error('invalid_grant'), { status: 400, code: '400' })), false],
    [new CredentialsFailure(Object.assign(new Error('unavailable'), { status: 503 })), true],
    [new CredentialsFailure(Object.assign(new Error('getaddrinfo'), { code: 'EAI_AGAIN' })), true],
  ])('%s is unavailable, retryable: %s', (cause, retryable) => {
    const call: FailedCall = { operation: 'get', key }
    expect(translate(cause, call)).toMatchObject({ code: 'BackendUnavailable', retryable, cause })
    expect(String(translate(cause, call))).not.toContain('secret')
  })

  test('leaves alone what does not come from the service', () => {
    for (const error of [new TypeError('a bug'), new StorageError('BlobNotFound', { blob: key }), 'a word', undefined]) {
      expect(translate(error, { operation: 'put', key })).toBe(error)
      expect(mayPass(error)).toBe(false)
    }
    const misuse = Object.assign(new TypeError('bad'), { code: 'ERR_INVALID_ARG_TYPE' })
    expect(isStorageError(translate(misuse, { operation: 'put', key }))).toBe(false)
  })
})
