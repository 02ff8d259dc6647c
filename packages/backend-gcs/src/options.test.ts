import { isStorageError } from '@stowage/core/backend'
import { describe, expect, test } from 'vitest'
import { gcsBackend } from './gcs-backend.ts'
import { parseOptions } from './options.ts'
import type { GcsBackendOptions } from './options.ts'

const MIB = 1024 * 1024

function refused(options: object): string | null {
  try {
    gcsBackend(options as GcsBackendOptions)
    return null
  } catch (error) {
    return isStorageError(error) && error.code === 'InvalidArgument' ? error.details.argument : String(error)
  }
}

describe('options', () => {
  test('what is left out has a value, and the caller’s object stays as it is', () => {
    const given = Object.freeze({ bucket: 'my-blobs' })
    expect(parseOptions(given)).toMatchObject({ prefix: '', chunkSize: 16 * MIB, resumableThreshold: 8 * MIB, authenticate: true })
    expect(Object.isFrozen(parseOptions(given))).toBe(true)
  })

  test('undefined is as good as left out', () => {
    expect(parseOptions({ bucket: 'my-blobs', chunkSize: undefined } as unknown as GcsBackendOptions).chunkSize).toBe(16 * MIB)
  })

  test('a small chunk makes the threshold small', () => {
    expect(parseOptions({ bucket: 'my-blobs', chunkSize: MIB }).resumableThreshold).toBe(MIB)
  })

  test.each([
    ['', ''],
    ['a', 'a/'],
    ['a/b/', 'a/b/'],
  ])('the prefix %j is %j', (prefix, parsed) => {
    expect(parseOptions({ bucket: 'my-blobs', prefix }).prefix).toBe(parsed)
  })

  test.each([
    [{}, 'bucket'],
    [{ bucket: 'a/b' }, 'bucket'],
    [{ bucket: 'my-blobs', buket: 1 }, 'buket'],
    [{ bucket: 'my-blobs', prefix: '/a' }, 'prefix'],
    [{ bucket: 'my-blobs', prefix: 'a//b' }, 'prefix'],
    [{ bucket: 'my-blobs', prefix: 'a/../b' }, 'prefix'],
    [{ bucket: 'my-blobs', prefix: 'a?b' }, 'prefix'],
    [{ bucket: 'my-blobs', apiEndpoint: 'localhost:4443' }, 'apiEndpoint'],
    [{ bucket: 'my-blobs', apiEndpoint: 'http://user:secret@localhost' }, 'apiEndpoint'],
    [{ bucket: 'my-blobs', apiEndpoint: 'http://localhost/storage' }, 'apiEndpoint'],
    [{ bucket: 'my-blobs', client: {}, keyFilename: '/k' }, 'keyFilename'],
    [{ bucket: 'my-blobs', credentials: {}, keyFilename: '/k' }, 'keyFilename'],
    [{ bucket: 'my-blobs', chunkSize: MIB + 1 }, 'chunkSize'],
    [{ bucket: 'my-blobs', chunkSize: 0 }, 'chunkSize'],
    [{ bucket: 'my-blobs', resumableThreshold: 17 * MIB }, 'resumableThreshold'],
    [{ bucket: 'my-blobs', blobSizeMax: 6 * 1024 ** 4 }, 'blobSizeMax'],
    [{ bucket: 'my-blobs', attemptsMax: 0 }, 'attemptsMax'],
    [{ bucket: 'my-blobs', attemptsMax: 21 }, 'attemptsMax'],
    [{ bucket: 'my-blobs', concurrency: 1.5 }, 'concurrency'],
    [{ bucket: 'my-blobs', connectionsMax: 0 }, 'connectionsMax'],
    [{ bucket: 'my-blobs', idleTimeoutSeconds: 0 }, 'idleTimeoutSeconds'],
    [{ bucket: 'my-blobs', retryDelaySeconds: -1 }, 'retryDelaySeconds'],
    [{ bucket: 'my-blobs', retryDelayMaxSeconds: Number.NaN }, 'retryDelayMaxSeconds'],
    [{ bucket: 'my-blobs', presigning: 1 }, 'presigning'],
  ])('%j is refused for its %s', (options, argument) => {
    expect(refused(options)).toBe(argument)
  })

  test.each([
    [{}, true],
    [{ apiEndpoint: 'https://private.googleapis.com' }, true],
    [{ apiEndpoint: 'https://evilgoogleapis.com' }, false],
    [{ apiEndpoint: 'http://127.0.0.1:4443' }, false],
    [{ apiEndpoint: 'http://127.0.0.1:4443', keyFilename: '/k' }, true],
    [{ apiEndpoint: 'http://127.0.0.1:4443', authenticate: true }, true],
  ])('%j sends credentials: %s', (options, sends) => {
    expect(parseOptions({ bucket: 'my-blobs', ...options }).authenticate).toBe(sends)
  })
})
