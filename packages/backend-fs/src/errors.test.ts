import { isStorageError, parseBlobKey, StorageError } from '@stowage/core/backend'
import { describe, expect, test } from 'vitest'
import { translate } from './errors.ts'
import type { FailedCall } from './errors.ts'

const key = parseBlobKey('x1')

function failure(code: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${code}: open '/srv/secret/x1'`), { code, syscall: 'open', path: '/srv/secret/x1' })
}

describe('translate', () => {
  test.each([
    ['ENOENT', 'get', 'BlobNotFound', false],
    ['ENOENT', 'put', 'BackendUnavailable', false],
    ['EEXIST', 'put', 'Conflict', false],
    ['ENOSPC', 'put', 'StorageFull', false],
    ['EDQUOT', 'put', 'StorageFull', false],
    ['EFBIG', 'put', 'StorageFull', false],
    ['EMFILE', 'get', 'BackendUnavailable', true],
    ['ENFILE', 'put', 'BackendUnavailable', true],
    ['ENOMEM', 'get', 'BackendUnavailable', true],
    ['ESTALE', 'list', 'BackendUnavailable', true],
    ['EIO', 'get', 'BackendUnavailable', false],
    ['EROFS', 'put', 'BackendUnavailable', false],
    ['EACCES', 'init', 'BackendUnavailable', false],
    ['EWHATEVER', 'delete', 'BackendUnavailable', false],
  ] as const)('%s in a %s is %s, retryable %s; keeps its cause, names no path', (code, operation, expected, retryable) => {
    const cause = failure(code)
    const call: FailedCall = { operation, key }
    const error = translate(cause, call)
    expect(isStorageError(error)).toBe(true)
    expect(error).toMatchObject({ code: expected, retryable, cause })
    expect(String(error)).not.toContain('secret')
  })

  test('leaves alone what does not come from the file system', () => {
    for (const error of [new TypeError('a bug'), new StorageError('BlobNotFound', { blob: key }), 'a word', undefined]) {
      expect(translate(error, { operation: 'put', key })).toBe(error)
    }
  })
})
