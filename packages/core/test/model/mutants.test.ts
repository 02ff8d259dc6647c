import { describe, expect, test } from 'vitest'
import type { Backend } from '../../src/backend/backend.ts'
import type { MetadataStore } from '../../src/metadata/metadata-store.ts'
import type { ListObjectsPage } from '../../src/metadata/queries.ts'
import { overriding } from '../engine-matrix.ts'
import { joiningBackend } from '../support/joining-backend.ts'
import { openWorld } from '../support/world.ts'
import type { WorldOptions } from '../support/world.ts'
import { checkModel } from './check-model.ts'

/** Planted faults: the model is worth what it finds. Each was a real bug of somebody's server. */
interface Mutant {
  readonly name: string
  readonly store?: (store: MetadataStore) => MetadataStore
  readonly backend?: (backend: Backend) => Backend
  readonly joins?: WorldOptions['joins']
}

/** As many as `npm test` makes of the model. */
const RUNS_MAX = 1_000
const TIMEOUT_MS = 120_000

const MUTANTS: readonly Mutant[] = [
  {
    name: 'puts ignore their conditions',
    store: (store) => overriding(store, { commitObject: (command) => store.commitObject({ ...command, conditions: {} }) }),
  },
  {
    name: 'Complete ignores its conditions',
    store: (store) => overriding(store, { completeUpload: (command) => store.completeUpload({ ...command, conditions: {} }) }),
  },
  {
    name: 'listings are one commit old',
    store: (store) => {
      const seen = new Map<string, ListObjectsPage>()
      return overriding(store, {
        listObjects: async (query) => {
          const page = await store.listObjects(query)
          const before = seen.get(JSON.stringify(query)) ?? page
          seen.set(JSON.stringify(query), page)
          return before
        },
      })
    },
  },
  {
    name: 'the next page begins one key too late',
    store: (store) =>
      overriding(store, {
        listObjects: async (query) => {
          const page = await store.listObjects(query)
          return page.next === null ? page : { ...page, next: { ...page.next, after: `${page.next.after}/b` } }
        },
      }),
  },
  {
    name: 'a version that is deleted by its id stays',
    store: (store) =>
      overriding(store, {
        deleteObjects: async (command) => {
          const others = command.keys.filter(({ versionId }) => versionId === undefined)
          const outcomes = await store.deleteObjects({ ...command, keys: others })
          return command.keys.map((key) => {
            const { versionId } = key
            if (versionId !== undefined) return { outcome: 'deleted', versionId, deleteMarker: false }
            const outcome = outcomes[others.indexOf(key)]
            if (outcome === undefined) throw new Error('an outcome is missing')
            return outcome
          })
        },
      }),
  },
  {
    name: 'an older attempt at a part wins over a newer one',
    store: (store) => {
      const parts = new Set<string>()
      return overriding(store, {
        commitPart: async (command) => {
          const name = `${command.uploadId} ${command.part.partNumber}`
          if (parts.has(name)) return { outcome: 'committed' }
          const outcome = await store.commitPart(command)
          if (outcome.outcome === 'committed') parts.add(name)
          return outcome
        },
      })
    },
  },
  {
    name: 'copies lose their tags',
    store: (store) =>
      overriding(store, {
        commitObject: (command) =>
          store.commitObject(command.fresh.length === 0 ? { ...command, object: { ...command.object, tags: {} } } : command),
      }),
  },
  {
    name: 'the collector forgets blobs that it did not delete',
    backend: (backend) => withBackend(backend, { delete: async () => undefined }),
  },
  {
    name: 'the collector takes blobs that were never queued',
    backend: (backend) =>
      withBackend(backend, {
        delete: async (keys, options) => {
          await backend.delete(keys, options)
          for await (const { key } of backend.list({ prefix: '' })) return backend.delete([key])
        },
      }),
  },
  {
    name: 'ranges of blobs begin at their start',
    backend: (backend) =>
      withBackend(backend, {
        get: (key, { range, ...options }) =>
          backend.get(key, range === undefined ? options : { ...options, range: { start: 0, end: range.end - range.start } }),
      }),
  },
  {
    name: 'blobs are joined in the wrong order',
    joins: { extentsMin: 2 },
    backend: (backend) => joiningBackend(backend, (facet) => (to, sources, options) => facet.join(to, sources.toReversed(), options)),
  },
]

function withBackend(backend: Backend, methods: Partial<Backend>): Backend {
  return new Proxy(backend, {
    get: (target, name) => {
      const value: unknown = Reflect.get(Object.hasOwn(methods, name) ? methods : target, name)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

describe('the model finds what is wrong', () => {
  test('the wrappers alone are no fault', { timeout: TIMEOUT_MS }, async () => {
    const wrapped = {
      wrapStore: (store: MetadataStore) => overriding(store, {}),
      wrapBackend: (backend: Backend) => withBackend(backend, {}),
    }
    const result = await checkModel({
      open: () => openWorld({ store: 'sqlite', backend: 'memory', hashing: 'inline', ...wrapped }),
      runs: 50,
      seed: 7,
    })
    expect(result.failed, result.report).toBe(false)
  })

  for (const { name, store, backend, joins = 'never' } of MUTANTS) {
    test(`${name}: found within ${RUNS_MAX} runs`, { timeout: TIMEOUT_MS }, async () => {
      const wrapped = { ...(store === undefined ? {} : { wrapStore: store }), ...(backend === undefined ? {} : { wrapBackend: backend }) }
      const open = (): ReturnType<typeof openWorld> =>
        openWorld({ store: 'sqlite', backend: 'memory', hashing: 'inline', joins, ...wrapped })
      // The seed is fixed: that each of them is found must not depend on luck.
      const result = await checkModel({ open, runs: RUNS_MAX, seed: 7, shrinks: false })
      expect(result.failed, `${result.runs} runs did not find it`).toBe(true)
    })
  }
})
