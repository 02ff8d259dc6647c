import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { crc32 } from 'node:zlib'
import { expect, test } from 'vitest'
import { bytesOf, chunked, describeOnEachStore, garbageOf, openTestEngine, overriding, readAll } from '../../test/engine-matrix.ts'
import type { TestEngine } from '../../test/engine-matrix.ts'
import { StorageError } from '../errors/storage-error.ts'
import { unconditional } from '../policy/requirement.ts'
import type { PutObjectInput } from './inputs.ts'

const LIMITS = { inlineSizeMax: 1_000 }
const md5 = (bytes: Uint8Array, encoding: 'hex' | 'base64'): string => createHash('md5').update(bytes).digest(encoding)

async function contentOf({ session, bucket }: TestEngine, key: string): Promise<Buffer> {
  const opened = await session.getObject({ bucket, key })
  expect(opened.length).toBe(opened.info.size)
  return opened.bytes === null ? readAll(await opened.open()) : Buffer.from(opened.bytes)
}

async function blobCount({ backend }: TestEngine): Promise<number> {
  let count = 0
  for await (const _ of backend.list({ prefix: '' })) count += 1
  return count
}

describeOnEachStore('putObject', (column) => {
  test.each([0, 1, 999, 1_000, 1_001, 300_000])('stores and gives back %i bytes, however they come', async (size) => {
    const world = await openTestEngine(column, { limits: LIMITS })
    const { session, bucket, engine } = world
    const bytes = bytesOf(size)
    const bodies: Record<string, () => Pick<PutObjectInput, 'body' | 'size'>> = {
      bytes: () => ({ body: bytes }),
      'one chunk': () => ({ body: chunked(bytes, Math.max(size, 1)), size }),
      'small chunks': () => ({ body: chunked(bytes, 777), size }),
      'unknown length': () => ({ body: chunked(bytes, 777) }),
      readable: () => ({ body: Readable.from(chunked(bytes, 4096), { objectMode: false }) }),
    }
    for (const [key, body] of Object.entries(bodies)) {
      const info = await session.putObject({ bucket, key, ...body() })
      expect(info).toMatchObject({
        key,
        size,
        etag: md5(bytes, 'hex'),
        latest: true,
        deleteMarker: false,
        partCount: null,
        versionId: 'null',
      })
      expect((await contentOf(world, key)).equals(bytes), key).toBe(true)
      expect((await session.headObject({ bucket, key })).info).toEqual(info)
    }
    expect(await blobCount(world)).toBe(size > LIMITS.inlineSizeMax ? Object.keys(bodies).length : 0)
    await engine.close()
  })

  test('keeps what the client said about the object', async () => {
    const { session, bucket, engine } = await openTestEngine(column)
    const attributes = {
      headers: { contentType: 'text/plain', cacheControl: 'no-store' },
      userMetadata: { colour: 'grün' },
      tags: { a: '1' },
      retention: { mode: 'governance', until: new Date('2040-01-01T00:00:00.123Z') },
      legalHold: true,
    } as const
    const info = await session.putObject({ bucket, key: 'k', body: bytesOf(3), ...attributes })
    expect(info).toMatchObject({ ...attributes, ownerId: 'owner' })
    expect((await session.headObject({ bucket, key: 'k' })).info).toEqual(info)
    await engine.close()
  })

  test('verifies every sum, and keeps the checksum', async () => {
    const { session, bucket, engine } = await openTestEngine(column, { limits: LIMITS })
    for (const size of [10, 5_000]) {
      const bytes = bytesOf(size)
      const value = Buffer.alloc(4)
      value.writeUInt32BE(crc32(bytes))
      const checksum = { algorithm: 'CRC32', value: value.toString('base64') } as const
      const sums = { size, md5: md5(bytes, 'base64'), sha256: createHash('sha256').update(bytes).digest('hex') }
      const kept = { ...checksum, type: 'FULL_OBJECT' }
      const key = 'k'
      expect((await session.putObject({ bucket, key, body: chunked(bytes, 100), ...sums, checksum })).checksum).toEqual(kept)
      const trailingChecksum = { algorithm: 'CRC32', value: () => checksum.value } as const
      expect((await session.putObject({ bucket, key, body: chunked(bytes, 100), trailingChecksum })).checksum).toEqual(kept)
      expect((await session.putObject({ bucket, key, body: bytes, checksumAlgorithm: 'CRC32' })).checksum).toEqual(kept)
    }
    await engine.close()
  })

  const wrong = Buffer.alloc(32, 1)
  const wrongCrc = { algorithm: 'CRC32C', value: wrong.toString('base64', 0, 4) } as const
  test.each<[string, Partial<PutObjectInput>, string]>([
    ['a wrong MD5', { md5: wrong.toString('base64', 0, 16) }, 'ChecksumMismatch'],
    ['a wrong SHA-256', { sha256: wrong.toString('hex') }, 'ChecksumMismatch'],
    ['a wrong checksum', { checksum: wrongCrc }, 'ChecksumMismatch'],
    ['a wrong trailing checksum', { trailingChecksum: { algorithm: 'CRC32C', value: () => wrongCrc.value } }, 'ChecksumMismatch'],
    ['a trailer that does not come', { trailingChecksum: { algorithm: 'CRC32C', value: () => null } }, 'InvalidArgument'],
    ['a malformed MD5', { md5: 'nonsense' }, 'InvalidArgument'],
    ['a malformed SHA-256', { sha256: 'nonsense' }, 'InvalidArgument'],
    ['a body that is shorter than was said', { size: 6_000 }, 'IncompleteBody'],
    ['a body that is longer than was said', { size: 4_000 }, 'IncompleteBody'],
    ['a size that is none', { size: -1 }, 'InvalidArgument'],
    ['a body above the limit', { size: 20_000 }, 'ObjectTooLarge'],
    ['an empty key', { key: '' }, 'InvalidArgument'],
    ['a key that is too long', { key: 'ä'.repeat(513) }, 'KeyTooLong'],
    ['too many tags', { tags: Object.fromEntries(Array.from({ length: 11 }, (_, i) => [`t${i}`, ''])) }, 'LimitExceeded'],
    ['a bucket that is not there', { bucket: { name: 'nowhere' } }, 'BucketNotFound'],
  ])('refuses %s, and leaves nothing', async (_, input, code) => {
    const world = await openTestEngine(column, { limits: { ...LIMITS, putSizeMax: 10_000 } })
    const { session, bucket, engine, metadata } = world
    for (const size of [500, 5_000]) {
      const body = chunked(bytesOf(size), 300)
      const put = session.putObject({ bucket, key: 'k', body, ...(input.size === undefined ? { size } : {}), ...input })
      await expect(put).rejects.toMatchObject({ code })
      await expect(body.next(), 'the source was told that nobody reads on').resolves.toMatchObject({ done: true })
    }
    await expect(session.headObject({ bucket, key: 'k' })).rejects.toMatchObject({ code: 'ObjectNotFound' })
    // What was written is the collector's: reserved names that are still in stock have no blob.
    const { queued } = await garbageOf(metadata)
    expect(await blobCount(world)).toBeLessThanOrEqual(queued)
    await engine.close()
  })

  test('what the body throws comes out as it is; what an abort says, too; nothing is left', async () => {
    const { session, bucket, engine, metadata } = await openTestEngine(column, { limits: LIMITS })
    for (const [index, size] of [500, 5_000].entries()) {
      const broken = new Error('the client went away')
      const body = async function* (): AsyncGenerator<Uint8Array> {
        yield bytesOf(size)
        throw broken
      }
      await expect(session.putObject({ bucket, key: 'k', body: body() })).rejects.toBe(broken)
      const abort = new AbortController()
      const reason = new Error('enough')
      const silent = async function* (): AsyncGenerator<Uint8Array> {
        yield bytesOf(size)
        abort.abort(reason)
        await new Promise(() => undefined)
      }
      await expect(session.putObject({ bucket, key: 'k', body: silent(), signal: abort.signal })).rejects.toBe(reason)
      await expect(session.headObject({ bucket, key: 'k' })).rejects.toMatchObject({ code: 'ObjectNotFound' })
      expect((await garbageOf(metadata)).queued).toBe(index * 2)
    }
    await engine.close()
  })

  test('conditions are held against what is there at the commit', async () => {
    const { session, bucket, engine } = await openTestEngine(column)
    const put = (body: string, conditions: PutObjectInput['conditions']): Promise<unknown> =>
      session.putObject({ bucket, key: 'k', body: Buffer.from(body), ...(conditions === undefined ? {} : { conditions }) })
    await expect(put('a', { ifMatch: '*' })).rejects.toMatchObject({ code: 'ObjectNotFound' })
    await put('a', { ifNoneMatch: '*' })
    await expect(put('b', { ifNoneMatch: '*' })).rejects.toMatchObject({
      code: 'PreconditionFailed',
      details: { condition: 'if-none-match' },
    })
    await expect(put('b', { ifMatch: ['nonsense'] })).rejects.toMatchObject({ details: { condition: 'if-match' } })
    await put('b', { ifMatch: [md5(Buffer.from('a'), 'hex')] })
    expect((await session.headObject({ bucket, key: 'k' })).info.etag).toBe(md5(Buffer.from('b'), 'hex'))
    await engine.close()
  })

  test('of many puts with If-None-Match: * exactly one wins, and the others leave garbage only', async () => {
    const { session, bucket, engine, metadata } = await openTestEngine(column, { limits: LIMITS })
    const bodies = Array.from({ length: 8 }, (_, index) => bytesOf(2_000, index + 1))
    const results = await Promise.allSettled(
      bodies.map((body) => session.putObject({ bucket, key: 'k', body, conditions: { ifNoneMatch: '*' } })),
    )
    const won = results.filter((result) => result.status === 'fulfilled')
    expect(won).toHaveLength(1)
    for (const result of results) {
      if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'PreconditionFailed' })
    }
    expect((await session.headObject({ bucket, key: 'k' })).info).toEqual(won[0]?.value)
    expect((await garbageOf(metadata)).queued).toBe(7)
    await engine.close()
  })

  test('an unknown outcome is no failure: a blob that may be committed is kept', async () => {
    let commits = 0
    const world = await openTestEngine(column, {
      limits: LIMITS,
      wrapStore: (store) =>
        overriding(store, {
          commitObject: async (command) => {
            commits += 1
            // The first is lost behind the commit, the second before it: nobody can tell from the outside.
            if (commits === 1) await store.commitObject(command)
            throw new StorageError('OutcomeUnknown', { command: 'commitObject' })
          },
        }),
    })
    const { session, bucket, engine, metadata } = world
    await expect(session.putObject({ bucket, key: 'done', body: bytesOf(5_000) })).rejects.toMatchObject({ code: 'OutcomeUnknown' })
    expect((await contentOf(world, 'done')).equals(bytesOf(5_000))).toBe(true)
    expect((await garbageOf(metadata)).queued).toBe(0)
    await expect(session.putObject({ bucket, key: 'lost', body: bytesOf(5_000) })).rejects.toMatchObject({ code: 'OutcomeUnknown' })
    await expect(session.headObject({ bucket, key: 'lost' })).rejects.toMatchObject({ code: 'ObjectNotFound' })
    expect((await garbageOf(metadata)).queued).toBe(1)
    await engine.close()
  })

  test('a blob that cannot be handed over now is handed over with a later heartbeat', async () => {
    let fails = true
    const events: string[] = []
    const { session, bucket, engine, metadata } = await openTestEngine(column, {
      limits: { ...LIMITS, heartbeatIntervalSeconds: 0.02 },
      observer: { event: (name) => events.push(name) },
      wrapStore: (store) =>
        overriding(store, {
          abandonBlobs: async (blobs) => {
            if (fails) throw new StorageError('StoreUnavailable', { store: 'test', reason: 'down' }, { retryable: true })
            return store.abandonBlobs(blobs)
          },
        }),
    })
    await expect(session.putObject({ bucket, key: 'k', body: bytesOf(5_000), sha256: '0'.repeat(64) })).rejects.toMatchObject({
      code: 'ChecksumMismatch',
    })
    expect((await garbageOf(metadata)).queued).toBe(0)
    expect(events).toContain('blob.abandon-failed')
    fails = false
    await expect.poll(async () => (await garbageOf(metadata)).queued).toBe(1)
    expect(events).toContain('blob.abandoned')
    await engine.close()
  })

  test('a bucket that was deleted and made again by somebody else is found anew', async () => {
    const { session, bucket, engine, metadata } = await openTestEngine(column)
    const before = await session.headBucket({ bucket })
    const require = unconditional(await metadata.policyVersion())
    await metadata.deleteBucket({ bucketId: before.id, require })
    await expect(session.putObject({ bucket, key: 'k', body: bytesOf(1) })).rejects.toMatchObject({ code: 'BucketNotFound' })
    await metadata.createBucket({ bucket: { ...before, id: 'another' }, require })
    await session.putObject({ bucket, key: 'k', body: bytesOf(1) })
    expect((await session.headObject({ bucket, key: 'k' })).info.bucketId).toBe('another')
    await engine.close()
  })
})
