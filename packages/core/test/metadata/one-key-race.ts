import type { MetadataStore } from '../../src/metadata/metadata-store.ts'
import { ANYBODY, blobExtent, blobOf, CREATED_AT, deletion, garbageOf, newObject } from './samples.ts'

/** Who puts a blob under a key, and who deletes the key: a store, or a mutant of it. */
export interface RacedKey {
  put(key: string, blob: string): Promise<void>
  remove(key: string): Promise<void>
}

/** The store itself. */
export function racedStore(store: MetadataStore): RacedKey {
  return {
    put: async (key, blob) => {
      const object = newObject(key, [blobExtent(blob)])
      const { outcome } = await store.commitObject({ object, conditions: {}, require: ANYBODY, fresh: [blobOf(blob)] })
      if (outcome !== 'committed') throw new Error(`the put answered ${outcome}`)
    },
    remove: async (key) => {
      await store.deleteObjects({ bucketId: 'b1', at: CREATED_AT, keys: [deletion(key)] })
    },
  }
}

/** Runs two puts and a delete of one key at once, again and again; gives back every blob that was put. */
export async function raceOneKey(store: MetadataStore, raced: RacedKey, rounds: number): Promise<readonly string[]> {
  const blobs: string[] = []
  for (let round = 0; round < rounds; round += 1) {
    const names = [`r${round}-a`, `r${round}-b`]
    await store.reserveBlobs({ processId: 'racer', blobs: names.map(blobOf) })
    await Promise.all([...names.map((name) => raced.put('k', name)), raced.remove('k')])
    blobs.push(...names)
  }
  return blobs
}

/**
 * What is wrong with the blobs once all commits are over: leaked ones (neither held by the key nor garbage), and ones that
 * were collected wrongly (held and garbage). `later` must move the store's clock on.
 */
export async function contradictions(store: MetadataStore, blobs: readonly string[], later: () => void): Promise<readonly string[]> {
  later()
  const found = await store.findRecord({ bucketId: 'b1', key: 'k', require: ANYBODY })
  const extents = found.outcome === 'found' ? found.object.extents : []
  const held = new Set(extents.flatMap((extent) => (extent.kind === 'blob' ? [String(extent.blob)] : [])))
  const garbage = new Set(await garbageOf(store))
  return blobs.flatMap((blob) => {
    if (held.has(blob) && garbage.has(blob)) return [`${blob} is held and garbage`]
    return held.has(blob) || garbage.has(blob) ? [] : [`${blob} is leaked`]
  })
}
