import { describe, expect, test } from 'vitest'
import { bytesOf } from '../model/perform-objects.ts'
import { sampleBytes } from '../support/sample-bytes.ts'
import { RACE_ROUNDS, SEED, SEED_HINT } from '../support/settings.ts'
import { BUCKET, KEY, openRaces, TIMEOUT_MS } from './open-races.ts'
import { codesOf, dice, settleRace } from './race-world.ts'

/** Crossing the inline limit: some rounds race blobs, some inline bytes, some both. */
const SIZES = [10, 64, 65, 200]

describe.each(['sqlite', 'postgres'] as const)(`races on %s, ${RACE_ROUNDS} rounds (${SEED_HINT})`, (store) => {
  const races = openRaces(store)
  const { rounds, put, find } = races

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
      await races.world.session.deleteObject({ bucket: BUCKET, key: KEY })
    })
  })

  test('two puts and a delete of one key leave one of them or nothing', { timeout: TIMEOUT_MS }, async () => {
    await rounds(async (n, roll) => {
      const sizes = [SIZES[roll(4)] ?? 0, SIZES[roll(4)] ?? 0]
      const codes = await codesOf([
        put(2 * n, sizes[0] ?? 0),
        races.world.session.deleteObject({ bucket: BUCKET, key: KEY }),
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

  test('a put and the deletion of its bucket: one of them happens', { timeout: TIMEOUT_MS }, async () => {
    const own = { name: 'going' }
    const roll = dice(SEED)
    for (let n = 0; n < RACE_ROUNDS; n += 1) {
      await races.world.session.createBucket({ bucket: own })
      const body = sampleBytes(n, SIZES[roll(4)] ?? 0)
      const [putCode, deleteCode] = await codesOf([
        races.world.session.putObject({ bucket: own, key: KEY, body }),
        races.world.session.deleteBucket({ bucket: own }),
      ])
      if (putCode === null) {
        expect(deleteCode).toBe('BucketNotEmpty')
        expect((await bytesOf(await races.world.session.getObject({ bucket: own, key: KEY }))).equals(body)).toBe(true)
        await races.world.session.deleteObject({ bucket: own, key: KEY })
        await races.world.session.deleteBucket({ bucket: own })
      } else {
        expect(deleteCode).toBe(null)
        expect(putCode).toBe('BucketNotFound')
      }
    }
    await races.world.session.createBucket({ bucket: BUCKET })
    await settleRace(races.world, BUCKET)
  })

  test('a counter by If-Match loses no increment', { timeout: TIMEOUT_MS }, async () => {
    await races.world.session.createBucket({ bucket: BUCKET })
    const counter = { bucket: BUCKET, key: 'counter' }
    const read = async (): Promise<{ readonly value: number; readonly etag: string }> => {
      const found = await races.world.session.getObject(counter)
      return { value: Number((await bytesOf(found)).toString().trim()), etag: found.info.etag }
    }
    // Padded, so that some values lie inline and some in blobs.
    const write = (value: number, etag?: string): Promise<unknown> =>
      races.world.session.putObject({
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
    await settleRace(races.world, BUCKET)
  })
})
