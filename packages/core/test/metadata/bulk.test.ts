import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { MetadataStore } from '../../src/metadata/metadata-store.ts'
import { STORES } from '../stores.ts'
import {
  ANYBODY,
  blobExtent,
  blobOf,
  CREATED_AT,
  deletion,
  garbageOf,
  makeBucket,
  newUpload,
  partOf,
  putText,
  uploadTarget,
} from './samples.ts'

/** While one command runs, others wait for the writer, or for its locks. */
describe.each(STORES.filter(({ name }) => name !== 'sqlite-worker'))('commands over many rows on $name', (tested) => {
  let store: MetadataStore
  let now = CREATED_AT.getTime()
  /** How many transactions each command took, by name. */
  let commits: Map<string, number>
  beforeEach(async () => {
    now = CREATED_AT.getTime()
    commits = new Map()
    const onStatement = ({ command, index }: { readonly command: string; readonly index: number }): void => {
      if (index === -1) commits.set(command, (commits.get(command) ?? 0) + 1)
    }
    store = await tested.open({ clock: () => new Date(now), onStatement })
    await makeBucket(store)
  })
  afterEach(() => store.close())

  const begin = async (count: number, kind: 'parts' | 'append' = 'parts'): Promise<readonly string[]> => {
    const ids = Array.from({ length: count }, (_, index) => `u${index}`)
    for (const id of ids) await store.createUpload({ upload: newUpload(id, { kind }), require: ANYBODY })
    return ids
  }
  const sendBlobs = async (uploadId: string, count: number): Promise<readonly string[]> => {
    const names = Array.from({ length: count }, (_, index) => `${uploadId}-${index}`)
    const fresh = names.map(blobOf)
    await store.reserveBlobs({ processId: 'p1', blobs: fresh })
    const part = partOf(
      1,
      names.map((name) => blobExtent(name)),
    )
    await store.commitPart({ ...uploadTarget(uploadId), part, fresh, objectExtentsMax: count })
    return names
  }
  const destroy = (): ReturnType<MetadataStore['deleteBucket']> => store.deleteBucket({ bucketId: 'b1', require: ANYBODY })

  test('a thousand keys are deleted in chunks', async () => {
    const keys = Array.from({ length: 1_000 }, (_, index) => `k${index}`)
    await Promise.all(keys.slice(0, 300).map((key) => putText(store, key, key)))
    const outcomes = await store.deleteObjects({ bucketId: 'b1', at: CREATED_AT, keys: keys.map((key) => deletion(key)) })
    expect(outcomes).toEqual(keys.map(() => ({ outcome: 'deleted', versionId: null, deleteMarker: false })))
    expect(commits.get('deleteObjects')).toBe(10)
    expect(await destroy()).toEqual({ outcome: 'deleted' })
  })

  test('a bucket goes after its uploads, which go some at a time', async () => {
    const ids = await begin(250)
    const names = await sendBlobs(ids[3] ?? '', 20)
    expect(await destroy()).toEqual({ outcome: 'deleted' })
    expect(commits.get('deleteBucket')).toBe(3)
    expect(await garbageAfter()).toEqual(names.toSorted())
  })

  test('a bucket goes after its uploads of many extents, one at a time', async () => {
    const ids = await begin(3)
    const names: string[] = []
    for (const id of ids) names.push(...(await sendBlobs(id, 1_000)))
    expect(await destroy()).toEqual({ outcome: 'deleted' })
    expect(commits.get('deleteBucket')).toBe(3)
    expect(await garbageAfter()).toEqual(names.toSorted())
  })

  test('a bucket goes after the answers of its completed uploads', async () => {
    const whole = { parts: null, partSizeMin: 1, objectSizeMax: 1, objectExtentsMax: 1, versionId: 'v', createdAt: CREATED_AT }
    const appended = { offset: 0, etag: 'e', checksum: null }
    for (const id of await begin(1_001, 'append')) {
      const done = await store.completeUpload({ ...uploadTarget(id), ...whole, conditions: {}, expected: {}, appended })
      expect(done.outcome).toBe('completed')
    }
    await store.deleteObjects({ bucketId: 'b1', at: CREATED_AT, keys: [deletion('k')] })
    expect(await destroy()).toEqual({ outcome: 'deleted' })
    expect(commits.get('deleteBucket')).toBe(2)
  }, 60_000)

  test('uploads of many extents expire one at a time', async () => {
    const names: string[] = []
    for (const id of await begin(3)) names.push(...(await sendBlobs(id, 1_000)))
    now += 1_000_000
    expect(await store.expireUploads({ answersKeptSeconds: 1_000_000, limit: 1_000 })).toBe(3)
    // The last one says that there are no more.
    expect(commits.get('expireUploads')).toBe(4)
    expect(await garbageAfter()).toEqual(names.toSorted())
  })

  const garbageAfter = (): Promise<readonly string[]> => {
    now += 1_000
    return garbageOf(store)
  }
})
