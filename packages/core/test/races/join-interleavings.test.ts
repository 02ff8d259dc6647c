import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Session } from '../../src/engine/session.ts'
import { isStorageError } from '../../src/errors/storage-error.ts'
import { overriding } from '../engine-matrix.ts'
import { bytesOf } from '../model/perform-objects.ts'
import { methodNames } from '../support/naughty-stores.ts'
import { sampleBytes } from '../support/sample-bytes.ts'
import { RACE_ROUNDS, SEED, SEED_HINT } from '../support/settings.ts'
import { openWorld } from '../support/world.ts'
import type { World } from '../support/world.ts'
import { codesOf, settleRace } from './race-world.ts'

const BUCKET = { name: 'joined' }
const K = { bucket: BUCKET, key: 'k' }
const COPY = { bucket: BUCKET, key: 'copy' }
const OTHER = sampleBytes(9, 180)
const PARTS = [1, 2, 3].map((fill) => sampleBytes(fill, 100 + fill))
const WHOLE = Buffer.concat(PARTS)
const TIMEOUT_MS = 600_000
const JOINS = { extentsMin: 2 }

async function multipart(session: Session, key: string): Promise<unknown> {
  const target = { bucket: BUCKET, key, uploadId: (await session.createUpload({ bucket: BUCKET, key })).uploadId }
  const parts = []
  for (const [at, body] of PARTS.entries()) parts.push(await session.uploadPart({ ...target, partNumber: at + 1, body }))
  return session.completeUpload({ ...target, parts: parts.map(({ partNumber, etag }) => ({ partNumber, etag })) })
}

/** Whatever is read is one of the two contents, whole. */
async function readWhole(session: Session, place: typeof K): Promise<void> {
  const bytes = await bytesOf(await session.getObject(place))
  expect(
    [WHOLE, OTHER].some((one) => one.equals(bytes)),
    `${bytes.length} bytes`,
  ).toBe(true)
}

/** Who does what while blobs are joined. */
const ACTORS: Readonly<Record<string, (session: Session, world: World) => Promise<unknown>>> = {
  complete: (session) => multipart(session, 'k'),
  completeCopy: (session) => multipart(session, 'copy'),
  overwrite: (session) => session.putObject({ ...K, body: OTHER }),
  delete: (session) => session.deleteObject(K),
  copy: (session) => session.copyObject({ ...COPY, source: K }),
  copyBack: (session) => session.copyObject({ ...K, source: COPY }),
  read: (session) => readWhole(session, K),
  readCopy: (session) => readWhole(session, COPY),
  collect: async (_, world) => {
    world.time.advance(61_000)
    await world.engine.collectGarbage()
  },
}

test(`joins interleaved with calls at every call of the store (${SEED_HINT})`, { timeout: TIMEOUT_MS }, async () => {
  let scheduler: fc.Scheduler | null = null
  let joined = 0
  const world = await openWorld({
    store: 'sqlite',
    backend: 'memory',
    joins: JOINS,
    wrapStore: (store) => {
      const methods: Record<string, unknown> = {}
      for (const name of methodNames(store)) {
        if (name === 'open' || name === 'close') continue
        methods[name] = async (...input: unknown[]): Promise<unknown> => {
          const run = (): Promise<unknown> => (Reflect.get(store, name) as (...input: unknown[]) => Promise<unknown>).apply(store, input)
          const answer = await (scheduler === null ? run() : scheduler.schedule(Promise.resolve(), name).then(run))
          if (name === 'exchangeExtents' && (answer as { readonly outcome: string }).outcome === 'exchanged') joined += 1
          return answer
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
      await world.session.putObject({ ...COPY, body: OTHER })
      scheduler = schedule
      // Its join is what the others meet: it begins while they are under way.
      const codes = codesOf(
        [multipart(world.session, 'k'), ...actors.map((name) => ACTORS[name]?.(world.session, world))].map((call) => Promise.resolve(call)),
      )
      await schedule.waitFor(Promise.all([codes, codes.then(() => world.joined())]))
      scheduler = null
      for (const code of await codes) expect([null, 'ObjectNotFound']).toContain(code)
      for (const place of [K, COPY]) {
        await readWhole(world.session, place).catch((error: unknown) => {
          if (!isStorageError(error) || error.code !== 'ObjectNotFound') throw error
        })
      }
      await settleRace(world, BUCKET)
    },
  )
  try {
    await fc.assert(property, { numRuns: RACE_ROUNDS, seed: SEED })
    expect(joined).toBeGreaterThan(RACE_ROUNDS / 10)
  } finally {
    scheduler = null
    await world.dispose()
  }
})

test(`joins beside copies, overwrites and deletes on Postgres (${SEED_HINT})`, { timeout: TIMEOUT_MS }, async () => {
  const world = await openWorld({ store: 'postgres', backend: 'memory', joins: JOINS })
  const rounds = Math.max(5, Math.round(RACE_ROUNDS / 20))
  try {
    for (let round = 0; round < rounds; round += 1) {
      await world.session.createBucket({ bucket: BUCKET })
      const { session } = world
      // Each of them to its end: the audit reads page by page, and takes what is written meanwhile for damage.
      const codes = [multipart(session, 'k'), multipart(session, 'copy')].map(async (completed, at) => {
        await completed
        return codesOf([
          session.copyObject({ ...(at === 0 ? COPY : K), source: at === 0 ? K : COPY }),
          readWhole(session, K),
          session.copyObject({ bucket: BUCKET, key: `copy-${at}`, source: K }),
          round % 2 === 0 ? session.putObject({ ...K, body: OTHER }) : session.deleteObject(K),
        ])
      })
      for (const code of (await Promise.all(codes)).flat()) expect([null, 'ObjectNotFound']).toContain(code)
      await settleRace(world, BUCKET)
    }
  } finally {
    await world.dispose()
  }
})
