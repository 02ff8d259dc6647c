import { describe } from 'vitest'
import type { Backend } from '../src/backend/backend.ts'
import { memoryBackend } from '../src/backend/memory-backend.ts'
import type { Engine, EngineOptions } from '../src/engine/engine.ts'
import { openEngine } from '../src/engine/open-engine.ts'
import type { Session } from '../src/engine/session.ts'
import type { MetadataStore } from '../src/metadata/metadata-store.ts'
import { allowAll } from '../src/policy/allow-all.ts'
import { accountCaller } from '../src/policy/caller.ts'
import type { Caller } from '../src/policy/caller.ts'
import { STORES } from './stores.ts'
import type { TestedStore } from './stores.ts'

/**
 * Runs a block of tests on both databases. SQLite's writer thread is the store's own matter and tested there; what
 * backends other than memory add is proved by their conformance suite and by the model.
 */
export function describeOnEachStore(name: string, tests: (store: TestedStore) => void): void {
  describe.each(STORES.filter((store) => store.name !== 'sqlite-worker'))(`${name} on $name`, tests)
}

/** An engine of a test, with a bucket. */
export interface TestEngine {
  readonly engine: Engine
  readonly metadata: MetadataStore
  readonly backend: Backend
  /** Of the account that owns the bucket. */
  readonly session: Session
  readonly owner: Caller
  readonly bucket: { readonly name: string }
}

/** What a test wants to be different. */
export interface TestEngineOptions extends Partial<Omit<EngineOptions, 'metadata' | 'backend'>> {
  readonly wrapStore?: (store: MetadataStore) => MetadataStore
  readonly backend?: Backend
  readonly versioning?: 'off' | 'enabled' | 'suspended'
}

/** Opens an engine on an empty store and backend, and makes a bucket. */
export async function openTestEngine(store: TestedStore, options: TestEngineOptions = {}): Promise<TestEngine> {
  const { wrapStore = (store) => store, backend = memoryBackend(), versioning = 'off', ...rest } = options
  // A thread that has not started yet leaves bodies to this one: hundreds of engines would each start one in vain.
  const hashWorkers = { worker: 'inline' } as const
  // It is open already: that is what makes it one of its own.
  const metadata = overriding(await store.open(), { open: () => Promise.resolve() })
  const engine = await openEngine({ policy: allowAll(), hashWorkers, ...rest, metadata: wrapStore(metadata), backend })
  const owner = accountCaller('owner')
  const session = engine.as(owner)
  const bucket = { name: 'bucket' }
  await session.createBucket({ bucket, versioning })
  return { engine, metadata, backend, session, owner, bucket }
}

/** Every row of the store's garbage: blobs that nothing refers to, by state. */
export async function garbageOf(metadata: MetadataStore): Promise<{ readonly reserved: number; readonly queued: number }> {
  const { rows } = await metadata.inspection.garbage({ after: null, limit: 10_000 })
  const count = (state: string): number => rows.filter((row) => row.state === state).length
  return { reserved: count('reserved'), queued: count('queued') }
}

/** Deterministic bytes that differ at every place where a mix-up would show. */
export function bytesOf(size: number, seed = 1): Buffer {
  const bytes = Buffer.alloc(size)
  let state = seed * 2_654_435_761
  for (let at = 0; at < size; at += 1) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    bytes[at] = state >>> 24
  }
  return bytes
}

/** A body that comes in chunks. */
export async function* chunked(bytes: Uint8Array, chunkSize: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += chunkSize) yield Buffer.from(bytes.subarray(at, at + chunkSize))
}

/** All bytes of a stream. */
export async function readAll(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of stream) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** The same store but for some methods: for a fault at exactly one place. What is not named works as ever. */
export function overriding(store: MetadataStore, overrides: Partial<MetadataStore>): MetadataStore {
  return new Proxy(store, {
    get: (target, name) => {
      const value: unknown = Reflect.get(Object.hasOwn(overrides, name) ? overrides : target, name)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}
