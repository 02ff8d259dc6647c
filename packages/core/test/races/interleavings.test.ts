import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Session } from '../../src/engine/session.ts'
import type { MetadataStore } from '../../src/metadata/metadata-store.ts'
import { overriding } from '../engine-matrix.ts'
import { bytesOf } from '../model/perform-objects.ts'
import { methodNames } from '../support/naughty-stores.ts'
import { sampleBytes } from '../support/sample-bytes.ts'
import { RACE_ROUNDS, SEED, SEED_HINT } from '../support/settings.ts'
import { openWorld } from '../support/world.ts'
import type { World } from '../support/world.ts'
import { codesOf, settleRace } from './race-world.ts'

const BUCKET = { name: 'interleaved' }
const BLOB = sampleBytes(1, 200)
const OTHER = sampleBytes(2, 180)
const TIMEOUT_MS = 600_000

/** A store that stops once, behind the next answer of one method, until something else has happened. */
function stopping(): {
  readonly wrap: (store: MetadataStore) => MetadataStore
  readonly after: (method: 'findRecord', meanwhile: () => Promise<unknown>) => void
} {
  let meanwhile: (() => Promise<unknown>) | null = null
  return {
    after: (_, next) => {
      meanwhile = next
    },
    wrap: (store) =>
      overriding(store, {
        findRecord: async (query) => {
          const found = await store.findRecord(query)
          const run = meanwhile
          meanwhile = null
          await run?.()
          return found
        },
      }),
  }
}

describe.each(['sqlite', 'postgres'] as const)('the last reference goes while it is copied, on %s', (store) => {
  const source = { bucket: BUCKET, key: 'source' }

  async function inWorld(run: (world: World, stop: ReturnType<typeof stopping>) => Promise<void>): Promise<void> {
    const stop = stopping()
    const world = await openWorld({ store, backend: 'memory', wrapStore: stop.wrap })
    try {
      await world.session.createBucket({ bucket: BUCKET })
      await world.session.putObject({ ...source, body: BLOB })
      await run(world, stop)
      await settleRace(world, BUCKET)
    } finally {
      await world.dispose()
    }
  }

  test('a copy whose source is deleted and collected finds nothing', async () => {
    await inWorld(async (world, stop) => {
      stop.after('findRecord', async () => {
        await world.session.deleteObject(source)
        await world.collect()
      })
      const copy = world.session.copyObject({ bucket: BUCKET, key: 'copy', source })
      await expect(copy).rejects.toMatchObject({ code: 'ObjectNotFound' })
    })
  })

  test('a copy whose source is replaced and collected copies the new one', async () => {
    await inWorld(async (world, stop) => {
      stop.after('findRecord', async () => {
        await world.session.putObject({ ...source, body: OTHER })
        await world.collect()
      })
      await world.session.copyObject({ bucket: BUCKET, key: 'copy', source })
      expect(await bytesOf(await world.session.getObject({ bucket: BUCKET, key: 'copy' }))).toEqual(OTHER)
    })
  })

  test('a copy whose source is deleted but not yet collected must not bring it back to life', async () => {
    await inWorld(async (world, stop) => {
      stop.after('findRecord', () => world.session.deleteObject(source))
      const copy = world.session.copyObject({ bucket: BUCKET, key: 'copy', source })
      await expect(copy).rejects.toMatchObject({ code: 'ObjectNotFound' })
    })
  })

  test('a copy whose source is deleted while another copy holds its blob may have either', async () => {
    await inWorld(async (world, stop) => {
      await world.session.copyObject({ bucket: BUCKET, key: 'elder', source })
      stop.after('findRecord', async () => {
        await world.session.deleteObject(source)
        await world.collect()
      })
      const [code] = await codesOf([world.session.copyObject({ bucket: BUCKET, key: 'copy', source })])
      expect(code).toBe(null)
      await world.session.deleteObject({ bucket: BUCKET, key: 'elder' })
      await world.collect()
      expect(await bytesOf(await world.session.getObject({ bucket: BUCKET, key: 'copy' }))).toEqual(BLOB)
    })
  })

  test('a part copied from a source that is deleted and collected finds nothing', async () => {
    await inWorld(async (world, stop) => {
      const { uploadId } = await world.session.createUpload({ bucket: BUCKET, key: 'parts' })
      stop.after('findRecord', async () => {
        await world.session.deleteObject(source)
        await world.collect()
      })
      const part = world.session.uploadPartCopy({ bucket: BUCKET, key: 'parts', uploadId, partNumber: 1, source })
      await expect(part).rejects.toMatchObject({ code: 'ObjectNotFound' })
    })
  })
})

/** Who does what at the same time: each actor is a call, or a few in a row. */
const ACTORS: Readonly<Record<string, (session: Session, world: World) => Promise<unknown>>> = {
  put: (session) => session.putObject({ bucket: BUCKET, key: 'k', body: BLOB }),
  overwrite: (session) => session.putObject({ bucket: BUCKET, key: 'k', body: OTHER }),
  inline: (session) => session.putObject({ bucket: BUCKET, key: 'k', body: sampleBytes(3, 10) }),
  delete: (session) => session.deleteObject({ bucket: BUCKET, key: 'k' }),
  copy: (session) => session.copyObject({ bucket: BUCKET, key: 'copy', source: { bucket: BUCKET, key: 'k' } }),
  copyBack: (session) => session.copyObject({ bucket: BUCKET, key: 'k', source: { bucket: BUCKET, key: 'copy' } }),
  collect: (_, world) => world.collect(),
  multipart: async (session) => {
    const target = { bucket: BUCKET, key: 'k', uploadId: (await session.createUpload({ bucket: BUCKET, key: 'k' })).uploadId }
    const one = await session.uploadPart({ ...target, partNumber: 1, body: BLOB })
    const two = await session.uploadPartCopy({ ...target, partNumber: 2, source: { bucket: BUCKET, key: 'k' } })
    return session.completeUpload({ ...target, parts: [one, two.part].map(({ partNumber, etag }) => ({ partNumber, etag })) })
  },
}

test(`calls interleaved at every call of the store (${SEED_HINT})`, { timeout: TIMEOUT_MS }, async () => {
  let scheduler: fc.Scheduler | null = null
  const world = await openWorld({
    store: 'sqlite',
    backend: 'memory',
    wrapStore: (store) => {
      const methods: Record<string, unknown> = {}
      for (const name of methodNames(store)) {
        if (name === 'open' || name === 'close') continue
        methods[name] = async (...input: unknown[]): Promise<unknown> => {
          const run = (): Promise<unknown> => (Reflect.get(store, name) as (...input: unknown[]) => Promise<unknown>).apply(store, input)
          return scheduler === null ? run() : scheduler.schedule(Promise.resolve(), name).then(run)
        }
      }
      return overriding(store, methods)
    },
  })
  const property = fc.asyncProperty(
    fc.scheduler(),
    fc.array(fc.constantFrom(...Object.keys(ACTORS)), { minLength: 2, maxLength: 6 }),
    async (schedule, actors) => {
      await world.session.createBucket({ bucket: BUCKET })
      await world.session.putObject({ bucket: BUCKET, key: 'k', body: OTHER })
      scheduler = schedule
      const calls = actors.map((name) => ACTORS[name]?.(world.session, world) ?? Promise.resolve())
      const codes = codesOf(calls)
      await schedule.waitFor(codes)
      scheduler = null
      for (const code of await codes) expect([null, 'ObjectNotFound']).toContain(code)
      await settleRace(world, BUCKET)
    },
  )
  try {
    await fc.assert(property, { numRuns: RACE_ROUNDS, seed: SEED })
  } finally {
    scheduler = null
    await world.dispose()
  }
})
