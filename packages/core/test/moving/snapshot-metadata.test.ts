import { describe, expect, test } from 'vitest'
import { memoryBackend } from '../../src/backend/memory-backend.ts'
import { snapshotMetadata } from '../../src/engine/move/snapshot-metadata.ts'
import type { SnapshotMetadataOptions, SnapshotOfMetadata } from '../../src/engine/move/snapshot-metadata.ts'
import type { CopiedRowsQuery } from '../../src/metadata/copying.ts'
import type { MetadataStore } from '../../src/metadata/metadata-store.ts'
import { fillWithEverything, seen } from './everything.ts'
import { opened, postgresPlace, sqlitePlace } from './places.ts'
import type { Place } from './places.ts'

const PLACES = [
  ['sqlite', sqlitePlace],
  ['postgres', postgresPlace],
] as const

function snapshot(from: Place, to: Place, options: Partial<SnapshotMetadataOptions> = {}): Promise<SnapshotOfMetadata> {
  return opened(from, (source) =>
    opened(to, (target) => snapshotMetadata({ from: source, to: target, facts: { takenAt: 'then' }, ...options })),
  )
}

describe('snapshotMetadata', { timeout: 30_000 }, () => {
  test.each(PLACES)('of %s: of one moment while others write, and not to be served', async (_, open) => {
    const [from, to, backend] = [await open(), await sqlitePlace(), memoryBackend()]
    await fillWithEverything(from, backend)
    const before = await seen(from, backend)
    const steps: (readonly [number, number])[] = []
    const writes: Promise<unknown>[] = []
    const taken = await opened(from, (source) =>
      opened(to, (target) =>
        snapshotMetadata({
          from: source,
          to: target,
          facts: { takenAt: 'then' },
          onProgress: (done, total) => {
            steps.push([done, total])
            const write = { kind: 'test.late', id: `${done}`, expected: 'any', body: done, sealed: null } as const
            writes.push(source.writeDocuments({ writes: [write], raisesPolicyVersion: true }))
          },
        }),
      ).finally(() => Promise.all(writes)),
    )
    expect(steps.at(-1)).toEqual([taken.rows, taken.rows])
    await expect(to.store().open()).rejects.toThrow('it is a backup, to be restored and not to be served')
    await opened(to, async ({ copying }) => {
      expect(await copying.readMark()).toMatchObject({ version: taken.markVersion, body: { state: 'backup', takenAt: 'then' } })
      await copying.write({ expected: taken.markVersion, mark: null })
    })
    expect(await seen(to, backend)).toEqual(before)
    await opened(from, async (store) => {
      const { documents } = await store.readDocuments({ kinds: ['test.late'] })
      expect(documents.length).toBe(new Set(steps.map(([done]) => done)).size)
    })
  })

  test('only into an empty one, and one that was stopped is of no use', async () => {
    const [from, to, backend] = [await sqlitePlace(), await sqlitePlace(), memoryBackend()]
    await fillWithEverything(from, backend)
    const stop = new AbortController()
    const onProgress = (done: number): void => {
      if (done > 100) stop.abort(new Error('enough'))
    }
    await expect(snapshot(from, to, { onProgress, signal: stop.signal })).rejects.toThrow('enough')
    await expect(to.store().open()).rejects.toThrow('it is a copy of another store that is not finished')
    await expect(snapshot(from, to)).rejects.toMatchObject({ code: 'StoreNotUsable' })
  })

  test('it is a backup once it has been compared', async () => {
    const [from, to] = [await sqlitePlace(), await sqlitePlace()]
    const states: unknown[] = []
    const note = async (store: MetadataStore): Promise<void> => void states.push((await store.copying.readMark())?.body.state)
    await opened(from, (source) =>
      opened(to, async (target) => {
        const copying = new Proxy(target.copying, {
          get: (real, name): unknown =>
            name === 'rows' ? (query: CopiedRowsQuery) => note(target).then(() => real.rows(query)) : Reflect.get(real, name),
        })
        await snapshotMetadata({ from: source, to: proxied(target, copying), facts: {} })
        await note(target)
      }),
    )
    expect(new Set(states.slice(0, -1))).toEqual(new Set(['copying']))
    expect(states.at(-1)).toBe('backup')
  })
})

function proxied(store: MetadataStore, copying: MetadataStore['copying']): MetadataStore {
  return new Proxy(store, { get: (real, name): unknown => (name === 'copying' ? copying : Reflect.get(real, name)) })
}
