import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { DeleteKey, DeleteOutcome } from '../../src/metadata/commands.ts'
import type { MetadataStore } from '../../src/metadata/metadata-store.ts'
import { ALWAYS, NEVER } from '../../src/policy/predicate.ts'
import { STORES } from '../stores.ts'
import {
  ANYBODY,
  blobExtent,
  blobOf,
  CREATED_AT,
  deletion,
  garbageOf,
  makeBucket,
  newObject,
  putBlobs,
  putText,
  readText,
} from './samples.ts'

describe.each(STORES)('versions on $name', (tested) => {
  let store: MetadataStore
  let now = CREATED_AT.getTime()
  beforeEach(async () => {
    now = CREATED_AT.getTime()
    store = await tested.open({ clock: () => new Date(now) })
  })
  afterEach(() => store.close())

  const remove = async (more: Partial<DeleteKey> = {}): Promise<DeleteOutcome | undefined> => {
    const outcomes = await store.deleteObjects({ bucketId: 'b1', at: new Date(now), keys: [deletion('k', more)] })
    return outcomes[0]
  }

  test('off: a put replaces, a delete removes, the blobs are garbage', async () => {
    await makeBucket(store)
    expect(await putBlobs(store, 'k', ['x', 'y'])).toBe('committed')
    expect(await putText(store, 'k', 'two')).toBe('committed')
    now += 1000
    expect(await garbageOf(store)).toEqual(['x', 'y'])
    expect(await remove()).toEqual({ outcome: 'deleted', versionId: null, deleteMarker: false })
    expect(await remove()).toEqual({ outcome: 'deleted', versionId: null, deleteMarker: false })
    expect(await readText(store, 'k')).toBeNull()
  })

  test('enabled: versions stay, a marker hides them, deleting it brings the newest back', async () => {
    await makeBucket(store, 'enabled')
    await putText(store, 'k', 'one', { versionId: 'v1' })
    await putText(store, 'k', 'two', { versionId: 'v2' })
    expect(await readText(store, 'k')).toBe('two')
    expect(await readText(store, 'k', 'v1')).toBe('one')
    expect(await remove({ markerVersionId: 'm1' })).toEqual({ outcome: 'marked', versionId: 'm1' })
    expect(await readText(store, 'k')).toBe('(marker)')
    expect(await store.findObject({ bucketId: 'b1', key: 'k', versionId: 'm1', require: ANYBODY })).toMatchObject({
      object: { latest: true, deleteMarker: true },
    })
    expect(await store.findObject({ bucketId: 'b1', key: 'k', versionId: 'v2', require: ANYBODY })).toMatchObject({
      object: { latest: false },
    })
    expect(await remove({ versionId: 'm1' })).toEqual({ outcome: 'deleted', versionId: 'm1', deleteMarker: true })
    expect(await readText(store, 'k')).toBe('two')
    expect(await remove({ versionId: 'v2' })).toEqual({ outcome: 'deleted', versionId: 'v2', deleteMarker: false })
    expect(await readText(store, 'k')).toBe('one')
    expect(await remove({ versionId: 'v2' })).toEqual({ outcome: 'deleted', versionId: 'v2', deleteMarker: false })
    expect(await store.deleteBucket({ bucketId: 'b1', require: ANYBODY })).toEqual({ outcome: 'not-empty' })
    expect(await remove({ versionId: 'v1' })).toEqual({ outcome: 'deleted', versionId: 'v1', deleteMarker: false })
    expect(await store.deleteBucket({ bucketId: 'b1', require: ANYBODY })).toEqual({ outcome: 'deleted' })
  })

  test('suspended: the null version is replaced wherever it is', async () => {
    await makeBucket(store, 'suspended')
    expect(await putBlobs(store, 'k', ['x'])).toBe('committed')
    expect(await remove()).toEqual({ outcome: 'marked', versionId: 'null' })
    now += 1000
    expect(await garbageOf(store)).toEqual(['x'])
    expect(await remove()).toEqual({ outcome: 'marked', versionId: 'null' })
    expect(await putText(store, 'k', 'two')).toBe('committed')
    expect(await remove({ versionId: 'null' })).toEqual({ outcome: 'deleted', versionId: 'null', deleteMarker: false })
    expect(await readText(store, 'k')).toBeNull()
  })

  test('locks: held versions stay until their time, or for who may pass governance', async () => {
    await makeBucket(store, 'enabled')
    const until = new Date(now + 1000)
    await putText(store, 'k', 'one', { versionId: 'v1', retention: { mode: 'governance', until } })
    await putText(store, 'k', 'two', { versionId: 'v2', retention: { mode: 'compliance', until } })
    await putText(store, 'k', 'three', { versionId: 'v3', legalHold: true })
    expect(await remove({ versionId: 'v1' })).toEqual({ outcome: 'locked', versionId: 'v1' })
    expect(await remove({ versionId: 'v1', bypassGovernance: NEVER })).toEqual({ outcome: 'locked', versionId: 'v1' })
    expect(await remove({ versionId: 'v1', bypassGovernance: ALWAYS })).toMatchObject({ outcome: 'deleted' })
    expect(await remove({ versionId: 'v2', bypassGovernance: ALWAYS })).toEqual({ outcome: 'locked', versionId: 'v2' })
    now += 1001
    expect(await remove({ versionId: 'v2' })).toMatchObject({ outcome: 'deleted' })
    expect(await remove({ versionId: 'v3', bypassGovernance: ALWAYS })).toEqual({ outcome: 'locked', versionId: 'v3' })
    expect(await remove()).toMatchObject({ outcome: 'marked' })
  })

  test('a copy shares blobs; the last to let go makes them garbage', async () => {
    await makeBucket(store)
    await putBlobs(store, 'k', ['x'])
    const copy = (): ReturnType<MetadataStore['commitObject']> =>
      store.commitObject({ object: newObject('copy', [blobExtent('x')]), conditions: {}, require: ANYBODY, fresh: [] })
    expect(await copy()).toMatchObject({ outcome: 'committed' })
    await remove()
    now += 1000
    expect(await garbageOf(store)).toEqual([])
    expect(await copy()).toMatchObject({ outcome: 'committed', replaced: { key: 'copy' } })
    await store.deleteObjects({ bucketId: 'b1', at: CREATED_AT, keys: [deletion('copy')] })
    expect(await copy()).toEqual({ outcome: 'blob-gone', fresh: false })
    now += 1000
    expect(await garbageOf(store)).toEqual(['x'])
  })

  test('reservations: abandoned, lapsed, or of a process that ended, they are garbage', async () => {
    await makeBucket(store)
    await store.heartbeat({ processId: 'p1', oldestReadAgeMs: null })
    await store.reserveBlobs({ processId: 'p1', blobs: ['a', 'b', 'c'].map(blobOf) })
    expect(await store.abandonBlobs([blobOf('a')])).toEqual([blobOf('a')])
    expect(await store.abandonBlobs([blobOf('a'), blobOf('nobody')])).toEqual([])
    const claim = (): Promise<readonly string[]> =>
      store.claimGarbage({ graceSeconds: 10, leaseSeconds: 60, limit: 9 }).then((claimed) => claimed.map(({ blob }) => blob))
    now += 10_001
    // Every live process must have been heard of since it was queued.
    expect(await claim()).toEqual([])
    await store.heartbeat({ processId: 'p1', oldestReadAgeMs: 1 })
    expect(await claim()).toEqual([])
    await store.heartbeat({ processId: 'p1', oldestReadAgeMs: null })
    expect(await claim()).toEqual(['a'])
    await store.forgetGarbage([blobOf('a')])
    now += 60_001
    expect(await claim()).toEqual(['b', 'c'])
    expect(await store.heartbeat({ processId: 'p1', oldestReadAgeMs: null })).toEqual({ lapsed: true })
    expect(await store.heartbeat({ processId: 'p1', oldestReadAgeMs: null })).toEqual({ lapsed: false })
    const object = newObject('k', [blobExtent('b')])
    expect(await store.commitObject({ object, conditions: {}, require: ANYBODY, fresh: [blobOf('b')] })).toEqual({
      outcome: 'blob-gone',
      fresh: true,
    })
    await store.reserveBlobs({ processId: 'p1', blobs: [blobOf('d')] })
    await store.endProcess('p1')
    now += 10_001
    expect(await claim()).toEqual(['d'])
  })
})
