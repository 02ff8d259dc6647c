import { describe, expect, test } from 'vitest'
import { parseOptions } from './options.ts'
import type { S3BackendOptions } from './options.ts'
import { planParts } from './part-plan.ts'
import { s3Backend } from './s3-backend.ts'

const MIB = 1024 ** 2
const GIB = 1024 ** 3

describe('s3Backend', () => {
  test('makes no request, and takes a client that is given', async () => {
    const client = { send: () => Promise.reject(new Error('asked')), config: {}, middlewareStack: {} }
    const backend = s3Backend({ bucket: 'b', client: client as unknown as NonNullable<S3BackendOptions['client']> })
    expect(backend.limits).toEqual({ blobSizeMax: 5 * 1024 * GIB, deleteBatchMax: 1_000 })
    await expect(backend.init()).rejects.toMatchObject({ code: 'BackendUnavailable', cause: { message: 'asked' } })
    await backend.close()
  })

  test('without a region says so', async () => {
    const backend = s3Backend({
      bucket: 'b',
      endpoint: 'http://127.0.0.1:1',
      attemptsMax: 1,
      credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
    })
    await expect(backend.init()).rejects.toMatchObject({ code: 'BackendUnavailable', message: expect.stringMatching(/region|reached/) })
  })

  test('has the facets that were asked for', () => {
    expect(s3Backend({ bucket: 'b' }).presigning).toBe(undefined)
    expect(s3Backend({ bucket: 'b', presigning: true }).presigning).toBeDefined()
    expect(s3Backend({ bucket: 'b', unfinished: false }).unfinished).toBe(undefined)
    expect(s3Backend({ bucket: 'b' }).joining).toMatchObject({
      sourceCountMax: 10_000,
      sourceSizeMin: 5 * MIB,
      sourceSizeMax: 5 * GIB,
      sourceSizesEqual: true,
    })
    expect(s3Backend({ bucket: 'b', joinSizesEqual: false }).joining?.sourceSizesEqual).toBe(false)
  })

  test.each([0, 61, 1.5])('presigns for 1 to 60 seconds, not %d', async (expiresInSeconds) => {
    const { presigning } = s3Backend({ bucket: 'b', presigning: true })
    await expect(presigning?.presignGet('k' as never, { expiresInSeconds })).rejects.toMatchObject({ code: 'InvalidArgument' })
  })
})

describe('parseOptions', () => {
  test.each<[string, Partial<S3BackendOptions>]>([
    ['bucket', { bucket: '' }],
    ['bucket', { bucket: 'a/b' }],
    ['prefix', { prefix: '/a' }],
    ['prefix', { prefix: 'a//b' }],
    ['prefix', { prefix: 'a/../b' }],
    ['prefix', { prefix: 'a?b' }],
    ['prefix', { prefix: 'p'.repeat(801) }],
    ['endpoint', { endpoint: 'localhost:9000' }],
    ['endpoint', { endpoint: 'https://key:secret@host' }],
    ['endpoint', { endpoint: 'https://host/path' }],
    ['region', { region: '' }],
    ['partSize', { partSize: 5 * MIB - 1 }],
    ['partSize', { partSize: GIB + 1 }],
    ['partSize', { partSize: 5 * MIB + 0.5 }],
    ['multipartThreshold', { multipartThreshold: 41 * MIB }],
    ['multipartThreshold', { multipartThreshold: GIB + 1, partSize: GIB }],
    ['concurrency', { concurrency: 0 }],
    ['concurrency', { concurrency: 65 }],
    ['blobSizeMax', { blobSizeMax: 0 }],
    ['blobSizeMax', { blobSizeMax: 10_000 * GIB + 1 }],
    ['attemptsMax', { attemptsMax: 0 }],
    ['connectTimeoutSeconds', { connectTimeoutSeconds: 0 }],
    ['idleTimeoutSeconds', { idleTimeoutSeconds: Number.NaN }],
    ['requestTimeoutSeconds', { requestTimeoutSeconds: 100_000 }],
    ['connectionsMax', { connectionsMax: 0 }],
    ['checksum', { checksum: 'sha1' as never }],
    ['presigning', { presigning: 'yes' as never }],
    ['client', { client: {} as never }],
    ['partsize', { partsize: 1 } as never],
    ['toString', { toString: 1 } as never],
  ])('%s is refused: %j', (argument, wrong) => {
    expect(() => parseOptions({ bucket: 'b', ...wrong })).toThrow(
      expect.objectContaining({ code: 'InvalidArgument', details: expect.objectContaining({ argument }) }),
    )
  })

  test('what a given client decides is not said again', () => {
    const client = { send: () => undefined } as never
    expect(parseOptions({ bucket: 'b', client }).connection).toEqual({ client })
    expect(() => parseOptions({ bucket: 'b', client, region: 'eu' })).toThrow(/region/)
    expect(() => parseOptions({ bucket: 'b', client, idleTimeoutSeconds: 1 })).toThrow(/idleTimeoutSeconds/)
  })

  test('a prefix ends with a slash, and a path-style bucket comes with an endpoint', () => {
    expect(parseOptions({ bucket: 'b', prefix: 'a/b' }).prefix).toBe('a/b/')
    expect(parseOptions({ bucket: 'b', prefix: 'a/' }).prefix).toBe('a/')
    expect(parseOptions({ bucket: 'b', endpoint: 'http://[::1]:9000' }).connection.forcePathStyle).toBe(true)
    expect(parseOptions({ bucket: 'b' }).connection.forcePathStyle).toBe(false)
  })
})

describe('planParts', () => {
  const options = parseOptions({ bucket: 'b' })

  test.each([
    [0, { partSize: 1, concurrency: 1, isWhole: true }],
    [8 * MIB, { partSize: 8 * MIB, concurrency: 1, isWhole: true }],
    [8 * MIB + 1, { partSize: 8 * MIB, concurrency: 4, isWhole: false }],
    [undefined, { partSize: 8 * MIB, concurrency: 4, isWhole: false }],
    [80_000 * MIB, { partSize: 8 * MIB, concurrency: 4, isWhole: false }],
    [80_000 * MIB + 1, { partSize: 9 * MIB, concurrency: 3, isWhole: false }],
    [200_000 * MIB, { partSize: 20 * MIB, concurrency: 1, isWhole: false }],
    [5 * 1024 * GIB, { partSize: 525 * MIB, concurrency: 1, isWhole: false }],
    [10_000 * GIB, { partSize: GIB, concurrency: 1, isWhole: false }],
  ])('%s bytes', (size, plan) => {
    expect(planParts(options, size)).toEqual(plan)
    if (size !== undefined) expect(Math.ceil(size / plan.partSize)).toBeLessThanOrEqual(10_000)
  })
})
