import { expect, test } from 'vitest'
import { STORES } from '../../test/stores.ts'
import type { TestedStore } from '../../test/stores.ts'
import { openTestEngine } from '../../test/engine-matrix.ts'
import type { MetadataStore } from '../metadata/metadata-store.ts'
import type { Heartbeat } from '../metadata/metadata-store.ts'

const [sqlite] = STORES

/** A store whose reads may lag, and what it is told of its reader. */
function lagging(lagMilliseconds: number): { readonly store: TestedStore; readonly beats: Heartbeat[] } {
  const beats: Heartbeat[] = []
  const open = async (): Promise<MetadataStore> => {
    const store = await sqlite!.open()
    const heartbeat = store.heartbeat.bind(store)
    return Object.defineProperties(store, {
      lagMilliseconds: { value: lagMilliseconds, configurable: true },
      heartbeat: { value: (beat: Heartbeat) => (beats.push(beat), heartbeat(beat)), configurable: true },
    })
  }
  return { store: { name: 'sqlite-inline', open }, beats }
}

test.each([
  [0, null],
  [1000, 0],
])('with reads that lag by %i ms, garbage waits for %s where none is open', async (lagMilliseconds, oldestReadAgeMs) => {
  const { store, beats } = lagging(lagMilliseconds)
  const { engine } = await openTestEngine(store)
  expect(beats.length).toBeGreaterThan(0)
  for (const beat of beats) expect(beat.oldestReadAgeMs).toBe(oldestReadAgeMs)
  await engine.close()
})
