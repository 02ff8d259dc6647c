import { afterAll, beforeAll, expect } from 'vitest'
import { bytesOf } from '../model/perform-objects.ts'
import { md5Hex } from '../model/reference-checksums.ts'
import { sampleBytes } from '../support/sample-bytes.ts'
import { RACE_ROUNDS, SEED } from '../support/settings.ts'
import type { World, WorldOptions } from '../support/world.ts'
import { dice, openRaceWorld, settleRace } from './race-world.ts'
import type { Dice } from './race-world.ts'

export const BUCKET: { readonly name: string } = { name: 'races' }
export const KEY = 'contested'
/** Rounds of one world: then it is emptied and audited. */
export const ROUNDS_A_WORLD = 300
export const TIMEOUT_MS: number = 60_000 + RACE_ROUNDS * 200

/** What the races on one store share. */
export interface Races {
  readonly world: World
  /** Rounds, in stretches that end in an empty, audited store. */
  readonly rounds: (round: (n: number, roll: Dice) => Promise<void>) => Promise<void>
  /** Puts bytes that the number stands for under the contested key. */
  readonly put: (n: number, size: number, more?: object) => Promise<unknown>
  /** What lies there, held against its ETag. */
  readonly find: (key?: string) => Promise<{ readonly n: string | undefined; readonly bytes: Buffer } | null>
}

/** A world for the races of a `describe`. */
export function openRaces(store: WorldOptions['store']): Races {
  let world: World
  beforeAll(async () => {
    world = await openRaceWorld({ store }, SEED)
  })
  afterAll(() => world.dispose())
  return {
    get world() {
      return world
    },
    rounds: async (round) => {
      const roll = dice(SEED)
      for (let n = 0; n < RACE_ROUNDS; n += 1) {
        if (n % ROUNDS_A_WORLD === 0) await world.session.createBucket({ bucket: BUCKET })
        await round(n, roll)
        if ((n + 1) % ROUNDS_A_WORLD === 0 || n + 1 === RACE_ROUNDS) await settleRace(world, BUCKET)
      }
    },
    put: (n, size, more = {}) =>
      world.session.putObject({ bucket: BUCKET, key: KEY, body: sampleBytes(n, size), userMetadata: { n: String(n) }, ...more }),
    find: async (key = KEY) => {
      const found = await world.session.getObject({ bucket: BUCKET, key }).catch(() => null)
      if (found === null) return null
      const bytes = await bytesOf(found)
      // An ETag of parts is not their MD5.
      if (!found.info.etag.includes('-')) expect(md5Hex(bytes)).toBe(found.info.etag)
      return { n: found.info.userMetadata['n'], bytes }
    },
  }
}
