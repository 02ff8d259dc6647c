import { describe, expect, test } from 'vitest'
import { sampleBytes } from '../support/sample-bytes.ts'
import { RACE_ROUNDS, SEED_HINT } from '../support/settings.ts'
import { BUCKET, KEY, openRaces, ROUNDS_A_WORLD, TIMEOUT_MS } from './open-races.ts'
import { codesOf, settleRace } from './race-world.ts'

describe.each(['sqlite', 'postgres'] as const)(`races of copies and uploads on %s, ${RACE_ROUNDS} rounds (${SEED_HINT})`, (store) => {
  const races = openRaces(store)
  const { rounds, put, find } = races

  test('a copy, its source overwritten and deleted, and the collector', { timeout: TIMEOUT_MS }, async () => {
    await rounds(async (n, roll) => {
      await put(2 * n, 200)
      const copy = races.world.session.copyObject({ bucket: BUCKET, key: 'copy', source: { bucket: BUCKET, key: KEY } })
      const replaced = roll(2) === 0 ? put(2 * n + 1, 200) : races.world.session.deleteObject({ bucket: BUCKET, key: KEY })
      const codes = await codesOf([copy, replaced, replaced.then(() => races.world.collect())])
      expect(['ObjectNotFound', null]).toContain(codes[0])
      expect(codes.slice(1)).toEqual([null, null])
      if (codes[0] !== null) return
      const found = await find('copy')
      expect([String(2 * n), String(2 * n + 1)]).toContain(found?.n)
      expect(found?.bytes.equals(sampleBytes(Number(found.n), 200))).toBe(true)
    })
  })

  test('complete, a part sent again, and an abort', { timeout: TIMEOUT_MS }, async () => {
    await rounds(async (n) => {
      const { uploadId } = await races.world.session.createUpload({ bucket: BUCKET, key: KEY })
      const target = { bucket: BUCKET, key: KEY, uploadId }
      const bodies = [sampleBytes(3 * n, 200), sampleBytes(3 * n + 1, 30), sampleBytes(3 * n + 2, 130)] as const
      const first = await races.world.session.uploadPart({ ...target, partNumber: 1, body: bodies[0] })
      const second = await races.world.session.uploadPart({ ...target, partNumber: 2, body: bodies[1] })
      const [complete, part, abort] = await codesOf([
        races.world.session.completeUpload({ ...target, parts: [first, second].map(({ partNumber, etag }) => ({ partNumber, etag })) }),
        races.world.session.uploadPart({ ...target, partNumber: 2, body: bodies[2] }),
        races.world.session.abortUpload(target),
      ])
      expect([null, 'UploadNotFound']).toContain(part)
      if (complete === null) {
        expect(abort).toBe('UploadNotFound')
        const found = (await find())?.bytes
        expect(found?.equals(Buffer.concat([bodies[0], bodies[1]]))).toBe(true)
        await races.world.session.deleteObject({ bucket: BUCKET, key: KEY })
      } else {
        // The part came first, and its ETag is another one; or the abort did.
        expect(['InvalidPart', 'UploadNotFound']).toContain(complete)
        expect(abort).toBe(null)
        expect(await find()).toBe(null)
      }
    })
  })

  test('the same Complete four times at once is one object and four times the same answer', { timeout: TIMEOUT_MS }, async () => {
    const own = { name: 'versioned' }
    await races.world.session.createBucket({ bucket: own, versioning: 'enabled' })
    const keys = Math.min(RACE_ROUNDS, ROUNDS_A_WORLD)
    for (let n = 0; n < keys; n += 1) {
      const key = `key-${n}`
      const { uploadId } = await races.world.session.createUpload({ bucket: own, key })
      const { partNumber, etag } = await races.world.session.uploadPart({
        bucket: own,
        key,
        uploadId,
        partNumber: 1,
        body: sampleBytes(n, 100),
      })
      const complete = (): Promise<unknown> =>
        races.world.session.completeUpload({ bucket: own, key, uploadId, parts: [{ partNumber, etag }] })
      const answers = await Promise.all([complete(), complete(), complete(), complete()])
      for (const answer of answers) expect(answer).toEqual(answers[0])
    }
    const { versions, truncated } = await races.world.session.listVersions({ bucket: own })
    expect(truncated).toBe(false)
    expect(versions).toHaveLength(keys)
    await settleRace(races.world, own)
  })
})
