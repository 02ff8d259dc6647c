import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bytesOf } from '../model/perform-objects.ts'
import { md5Hex } from '../model/reference-checksums.ts'
import { sampleBytes } from '../support/sample-bytes.ts'
import { RACE_ROUNDS, SEED, SEED_HINT } from '../support/settings.ts'
import type { World } from '../support/world.ts'
import { codesOf, dice, openRaceWorld, settleRace } from './race-world.ts'

const BUCKET = { name: 'races' }
const KEY = 'contested'
/** Rounds of one world: then it is emptied and audited. */
const ROUNDS_A_WORLD = 300
const TIMEOUT_MS = 60_000 + RACE_ROUNDS * 200

/** Crossing the inline limit: some rounds race blobs, some inline bytes, some both. */
const SIZES = [10, 64, 65, 200]

describe.each(['sqlite', 'postgres'] as const)(`races on %s, ${RACE_ROUNDS} rounds (${SEED_HINT})`, (store) => {
  let world: World
  beforeAll(async () => {
    world = await openRaceWorld({ store }, SEED)
  })
  afterAll(() => world.dispose())

  /** Rounds, in stretches that end in an empty, audited store. */
  async function rounds(round: (n: number, roll: ReturnType<typeof dice>) => Promise<void>): Promise<void> {
    const roll = dice(SEED)
    for (let n = 0; n < RACE_ROUNDS; n += 1) {
      if (n % ROUNDS_A_WORLD === 0) await world.session.createBucket({ bucket: BUCKET })
      await round(n, roll)
      if ((n + 1) % ROUNDS_A_WORLD === 0 || n + 1 === RACE_ROUNDS) await settleRace(world, BUCKET)
    }
  }

  const put = (n: number, size: number, more: object = {}): Promise<unknown> =>
    world.session.putObject({ bucket: BUCKET, key: KEY, body: sampleBytes(n, size), userMetadata: { n: String(n) }, ...more })
  const find = async (key: string = KEY): Promise<{ readonly n: string | undefined; readonly bytes: Buffer } | null> => {
    const found = await world.session.getObject({ bucket: BUCKET, key }).catch(() => null)
    if (found === null) return null
    const bytes = await bytesOf(found)
    expect(md5Hex(bytes)).toBe(found.info.etag)
    return { n: found.info.userMetadata['n'], bytes }
  }

  test('of puts with If-None-Match: * exactly one wins', { timeout: TIMEOUT_MS }, async () => {
    await rounds(async (n, roll) => {
      const sizes = [SIZES[roll(4)] ?? 0, SIZES[roll(4)] ?? 0, SIZES[roll(4)] ?? 0]
      const codes = await codesOf(sizes.map((size, at) => put(3 * n + at, size, { conditions: { ifNoneMatch: '*' } })))
      expect(codes.filter((code) => code === null)).toHaveLength(1)
      expect(codes.filter((code) => code === 'PreconditionFailed')).toHaveLength(2)
      const winner = 3 * n + codes.indexOf(null)
      const found = await find()
      expect(found?.n).toBe(String(winner))
      expect(found?.bytes.equals(sampleBytes(winner, sizes[codes.indexOf(null)] ?? 0))).toBe(true)
      await world.session.deleteObject({ bucket: BUCKET, key: KEY })
    })
  })

  test('two puts and a delete of one key leave one of them or nothing', { timeout: TIMEOUT_MS }, async () => {
    await rounds(async (n, roll) => {
      const sizes = [SIZES[roll(4)] ?? 0, SIZES[roll(4)] ?? 0]
      const codes = await codesOf([
        put(2 * n, sizes[0] ?? 0),
        world.session.deleteObject({ bucket: BUCKET, key: KEY }),
        put(2 * n + 1, sizes[1] ?? 0),
      ])
      expect(codes).toEqual([null, null, null])
      const found = await find()
      if (found === null) return
      const at = [String(2 * n), String(2 * n + 1)].indexOf(found.n ?? '')
      expect(at).not.toBe(-1)
      expect(found.bytes.equals(sampleBytes(2 * n + at, sizes[at] ?? 0))).toBe(true)
    })
  })

  test('a copy, its source overwritten and deleted, and the collector', { timeout: TIMEOUT_MS }, async () => {
    await rounds(async (n, roll) => {
      await put(2 * n, 200)
      const copy = world.session.copyObject({ bucket: BUCKET, key: 'copy', source: { bucket: BUCKET, key: KEY } })
      const replaced = roll(2) === 0 ? put(2 * n + 1, 200) : world.session.deleteObject({ bucket: BUCKET, key: KEY })
      const codes = await codesOf([copy, replaced, replaced.then(() => world.collect())])
      expect(['ObjectNotFound', null]).toContain(codes[0])
      expect(codes.slice(1)).toEqual([null, null])
      if (codes[0] !== null) return
      const found = await find('copy')
      expect([String(2 * n), String(2 * n + 1)]).toContain(found?.n)
      expect(found?.bytes.equals(sampleBytes(Number(found.n), 200))).toBe(true)
    })
  })

  test('a put and the deletion of its bucket: one of them happens', { timeout: TIMEOUT_MS }, async () => {
    const own = { name: 'going' }
    const roll = dice(SEED)
    for (let n = 0; n < RACE_ROUNDS; n += 1) {
      await world.session.createBucket({ bucket: own })
      const body = sampleBytes(n, SIZES[roll(4)] ?? 0)
      const [putCode, deleteCode] = await codesOf([
        world.session.putObject({ bucket: own, key: KEY, body }),
        world.session.deleteBucket({ bucket: own }),
      ])
      if (putCode === null) {
        expect(deleteCode).toBe('BucketNotEmpty')
        expect((await bytesOf(await world.session.getObject({ bucket: own, key: KEY }))).equals(body)).toBe(true)
        await world.session.deleteObject({ bucket: own, key: KEY })
        await world.session.deleteBucket({ bucket: own })
      } else {
        expect(deleteCode).toBe(null)
        expect(putCode).toBe('BucketNotFound')
      }
    }
    await world.session.createBucket({ bucket: BUCKET })
    await settleRace(world, BUCKET)
  })

  test('complete, a part sent again, and an abort', { timeout: TIMEOUT_MS }, async () => {
    await rounds(async (n) => {
      const { uploadId } = await world.session.createUpload({ bucket: BUCKET, key: KEY })
      const target = { bucket: BUCKET, key: KEY, uploadId }
      const bodies = [sampleBytes(3 * n, 200), sampleBytes(3 * n + 1, 30), sampleBytes(3 * n + 2, 130)] as const
      const first = await world.session.uploadPart({ ...target, partNumber: 1, body: bodies[0] })
      const second = await world.session.uploadPart({ ...target, partNumber: 2, body: bodies[1] })
      const [complete, part, abort] = await codesOf([
        world.session.completeUpload({ ...target, parts: [first, second].map(({ partNumber, etag }) => ({ partNumber, etag })) }),
        world.session.uploadPart({ ...target, partNumber: 2, body: bodies[2] }),
        world.session.abortUpload(target),
      ])
      expect([null, 'UploadNotFound']).toContain(part)
      if (complete === null) {
        expect(abort).toBe('UploadNotFound')
        const found = await find2()
        expect(found.equals(Buffer.concat([bodies[0], bodies[1]]))).toBe(true)
        await world.session.deleteObject({ bucket: BUCKET, key: KEY })
      } else {
        // The part came first, and its ETag is another one; or the abort did.
        expect(['InvalidPart', 'UploadNotFound']).toContain(complete)
        expect(abort).toBe(null)
        expect(await find()).toBe(null)
      }
    })
  })

  const find2 = async (): Promise<Buffer> => bytesOf(await world.session.getObject({ bucket: BUCKET, key: KEY }))

  test('the same Complete four times at once is one object and four times the same answer', { timeout: TIMEOUT_MS }, async () => {
    const own = { name: 'versioned' }
    await world.session.createBucket({ bucket: own, versioning: 'enabled' })
    const keys = Math.min(RACE_ROUNDS, ROUNDS_A_WORLD)
    for (let n = 0; n < keys; n += 1) {
      const key = `key-${n}`
      const { uploadId } = await world.session.createUpload({ bucket: own, key })
      const { partNumber, etag } = await world.session.uploadPart({ bucket: own, key, uploadId, partNumber: 1, body: sampleBytes(n, 100) })
      const complete = (): Promise<unknown> => world.session.completeUpload({ bucket: own, key, uploadId, parts: [{ partNumber, etag }] })
      const answers = await Promise.all([complete(), complete(), complete(), complete()])
      for (const answer of answers) expect(answer).toEqual(answers[0])
    }
    const { versions, truncated } = await world.session.listVersions({ bucket: own })
    expect(truncated).toBe(false)
    expect(versions).toHaveLength(keys)
    await settleRace(world, own)
  })

  test('a counter by If-Match loses no increment', { timeout: TIMEOUT_MS }, async () => {
    await world.session.createBucket({ bucket: BUCKET })
    const counter = { bucket: BUCKET, key: 'counter' }
    const read = async (): Promise<{ readonly value: number; readonly etag: string }> => {
      const found = await world.session.getObject(counter)
      return { value: Number((await bytesOf(found)).toString().trim()), etag: found.info.etag }
    }
    // Padded, so that some values lie inline and some in blobs.
    const write = (value: number, etag?: string): Promise<unknown> =>
      world.session.putObject({
        ...counter,
        body: Buffer.from(String(value).padEnd(value % 3 === 0 ? 100 : 10)),
        conditions: etag === undefined ? {} : { ifMatch: [etag] },
      })
    await write(0)
    let successes = 0
    const increments = Math.ceil(RACE_ROUNDS / 16)
    const client = async (): Promise<void> => {
      for (let done = 0; done < increments;) {
        const { value, etag } = await read()
        const [code] = await codesOf([write(value + 1, etag)])
        expect([null, 'PreconditionFailed']).toContain(code)
        if (code !== null) continue
        successes += 1
        done += 1
      }
    }
    await Promise.all(Array.from({ length: 8 }, client))
    expect((await read()).value).toBe(successes)
    await settleRace(world, BUCKET)
  })
})
