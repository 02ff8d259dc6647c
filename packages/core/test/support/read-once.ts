import type { Backend, BlobEntry, ListBlobsOptions } from '../../src/backend/backend.ts'
import type { MetadataStore } from '../../src/metadata/metadata-store.ts'
import { overriding } from '../engine-matrix.ts'

/*
 * Stores at rest, looked at by several: what one has asked is not asked again. Half of a model run was its audits, and
 * most of those the same pages three times.
 */

/** The store, whose inspection reads each page once. */
export function inspectedOnce(store: MetadataStore): MetadataStore {
  const answers = new Map<string, unknown>()
  const inspection = new Proxy(store.inspection, {
    get:
      (target, name) =>
      (...input: unknown[]): unknown => {
        const question = JSON.stringify([name, ...input])
        if (!answers.has(question)) answers.set(question, (Reflect.get(target, name) as (...input: unknown[]) => unknown)(...input))
        return answers.get(question)
      },
  })
  return overriding(store, { inspection })
}

/** The backend, which lists its blobs once. */
export function listedOnce(backend: Backend): Backend {
  let listed: readonly BlobEntry[] | null = null
  async function* list({ prefix }: ListBlobsOptions): AsyncGenerator<BlobEntry> {
    listed ??= await entriesOf(backend)
    for (const entry of listed) if (entry.key.startsWith(prefix)) yield entry
  }
  return new Proxy(backend, {
    get: (target, name) => {
      if (name === 'list') return list
      const value: unknown = Reflect.get(target, name)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

async function entriesOf(backend: Backend): Promise<readonly BlobEntry[]> {
  const entries: BlobEntry[] = []
  for await (const entry of backend.list({ prefix: '' })) entries.push(entry)
  return entries
}
