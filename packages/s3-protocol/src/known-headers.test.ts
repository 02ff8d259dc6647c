import { describe, expect, test } from 'vitest'
import { isKnownHeader } from './known-headers.ts'

describe('isKnownHeader', () => {
  test.each([
    ['content-type', 'PutObject', true],
    ['x-forwarded-for', 'PutObject', true],
    ['x-amz-meta-anything', 'PutObject', true],
    ['x-amz-date', 'GetObject', true],
    ['x-amz-user-agent', 'GetObject', true],
    ['x-amz-copy-source', 'CopyObject', true],
    ['x-amz-copy-source', 'UploadPartCopy', true],
    ['x-amz-copy-source', 'CreateBucket', false],
    ['x-amz-copy-source-if-match', 'PutObject', false],
    ['x-amz-copy-source-range', 'UploadPartCopy', true],
    ['x-amz-copy-source-range', 'CopyObject', false],
    ['x-amz-server-side-encryption', 'PutObject', false],
    ['x-amz-grant-read', 'PutObject', false],
    ['x-amz-object-lock-mode', 'PutObject', false],
    ['x-amz-bypass-governance-retention', 'DeleteObject', true],
    ['x-amz-bypass-governance-retention', 'PutObject', false],
    ['x-amz-mfa', 'DeleteObject', false],
    ['x-amz-write-offset-bytes', 'PutObject', false],
    ['x-amz-', 'PutObject', false],
  ])('%s on %s: %s', (name, operation, known) => {
    expect(isKnownHeader(name, operation)).toBe(known)
  })
})
