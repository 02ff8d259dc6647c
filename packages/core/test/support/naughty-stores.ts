import { StorageError } from '../../src/errors/storage-error.ts'
import type { MetadataStore } from '../../src/metadata/metadata-store.ts'
import { overriding } from '../engine-matrix.ts'

/** What happens to one call of the store: it never got there; nobody knows, it did not; nobody knows, it did. */
export type StoreFault = 'unavailable' | 'unknown, undone' | 'unknown, done'

export const STORE_FAULTS: readonly StoreFault[] = ['unavailable', 'unknown, undone', 'unknown, done']

/** Which call of the store fails. Counts in `calls`; `failAt` 0 fails none. */
export interface StorePlan {
  calls: number
  failAt: number
  fault: StoreFault
}

/** Methods that only read: their outcome is never unknown. */
const READS = new Set<string>([
  'policyVersion', 'findBucket', 'listBuckets', 'findObject', 'findRecord', 'listObjectParts', 'listObjects', 'listVersions',
  'findUpload', 'readAppendTail', 'listUploads', 'listParts', 'findPlaces',
]) // prettier-ignore
const UNCOUNTED = new Set<string>(['open', 'close', 'heartbeat', 'endProcess'])

/** The store, failing at the n-th call as the plan says at that moment. */
export function faultyStore(store: MetadataStore, plan: StorePlan): MetadataStore {
  const methods: Partial<Record<string, unknown>> = {}
  for (const name of methodNames(store)) {
    if (UNCOUNTED.has(name)) continue
    methods[name] = async (...input: unknown[]): Promise<unknown> => {
      plan.calls += 1
      const run = (): Promise<unknown> => (Reflect.get(store, name) as (...input: unknown[]) => Promise<unknown>).apply(store, input)
      if (plan.calls !== plan.failAt) return run()
      if (plan.fault === 'unavailable' || READS.has(name)) {
        throw new StorageError('StoreUnavailable', { store: store.name, reason: `a fault was planned for ${name}` }, { retryable: true })
      }
      if (plan.fault === 'unknown, done') await run()
      throw new StorageError('OutcomeUnknown', { command: name })
    }
  }
  return overriding(store, methods)
}

/** Every method of a class instance, those of its prototypes included. */
export function methodNames(instance: object): readonly string[] {
  const names = new Set<string>()
  for (let at: object | null = instance; at !== null && at !== Object.prototype; at = Object.getPrototypeOf(at) as object | null) {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(at))) {
      if (name !== 'constructor' && typeof value === 'function') names.add(name)
    }
  }
  return [...names]
}
