import { startFaultyUpstream } from '@stowage/conformance'
import type { FaultyUpstream, UpstreamFault } from '@stowage/conformance'
import { isStorageError, parseBlobKey } from '@stowage/core/backend'
import type { Backend, BlobKey } from '@stowage/core/backend'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { gcsBackend } from '../../src/gcs-backend.ts'
import type { GcsBackendOptions } from '../../src/options.ts'
import { emptyBucket, freshOptions, prepareBucket, RESUMES } from './server.ts'

/*
 * An emulator with a server in front of it that fails as a script says. Each operation is run once to count its requests; then once for each
 * of them and each way to fail, with one failure, and with every request failing from there on.
 */
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 })

const KIB = 1024
const TARGET = key('target')
const NAMES = Array.from({ length: 40 }, (_, index) => key(`source-${String(index).padStart(2, '0')}`))
const LARGE = bytesOf(600 * KIB)

let upstream: FaultyUpstream
beforeAll(async () => {
  await prepareBucket()
  upstream = await startFaultyUpstream({ target: freshOptions().apiEndpoint ?? '' })
})
afterAll(async () => {
  await upstream.stop()
  await emptyBucket()
})

function key(name: string): BlobKey {
  return parseBlobKey(name)
}

function bytesOf(length: number, seed = 1): Buffer {
  return Buffer.from(Array.from({ length }, (_, index) => ((index * 2_654_435_761 + seed * 97) >>> 13) & 255))
}

async function* sourceOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += 50_000) yield bytes.subarray(start, start + 50_000)
}

async function readBlob(backend: Backend, blob: BlobKey, range?: { readonly start: number; readonly end: number }): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of await backend.get(blob, range === undefined ? {} : { range })) chunks.push(chunk)
  return Buffer.concat(chunks)
}

async function keysOf(backend: Backend): Promise<string[]> {
  const keys: string[] = []
  for await (const entry of backend.list({ prefix: '' })) keys.push(entry.key)
  return keys
}

async function fill(backend: Backend, count: number): Promise<void> {
  for (const [index, name] of NAMES.slice(0, count).entries()) await backend.put(name, sourceOf(bytesOf(1_000, index)), {})
}

const SOURCES = (count: number): Buffer => Buffer.concat(Array.from({ length: count }, (_, index) => bytesOf(1_000, index)))

interface Operation {
  readonly name: string
  /** How many blobs are there before it. */
  readonly sources: number
  /** What `target` holds when it has been carried out; null where it makes nothing. */
  readonly makes: Buffer | null
  run(backend: Backend, temporary: () => Promise<BlobKey>): Promise<void>
}

const OPERATIONS: readonly Operation[] = [
  {
    name: 'a put in one request',
    sources: 0,
    makes: LARGE.subarray(0, 1_000),
    run: async (backend) => void (await backend.put(TARGET, sourceOf(LARGE.subarray(0, 1_000)), { size: 1_000 })),
  },
  {
    name: 'a put in chunks',
    sources: 0,
    makes: LARGE,
    run: async (backend) => void (await backend.put(TARGET, sourceOf(LARGE), {})),
  },
  {
    name: 'a read',
    sources: 1,
    makes: null,
    run: async (backend) => expect(await readBlob(backend, key('source-00'))).toEqual(bytesOf(1_000, 0)),
  },
  {
    name: 'a range',
    sources: 1,
    makes: null,
    run: async (backend) =>
      expect(await readBlob(backend, key('source-00'), { start: 100, end: 900 })).toEqual(bytesOf(1_000, 0).subarray(100, 900)),
  },
  {
    name: 'a copy',
    sources: 1,
    makes: bytesOf(1_000, 0),
    run: async (backend) => void (await backend.copying?.copy(key('source-00'), TARGET)),
  },
  {
    name: 'a join of 3',
    sources: 3,
    makes: SOURCES(3),
    run: async (backend, temporary) => void (await backend.joining?.join(TARGET, NAMES.slice(0, 3), { temporary })),
  },
  {
    name: 'a join of 40, in a tree',
    sources: 40,
    makes: SOURCES(40),
    run: async (backend, temporary) => void (await backend.joining?.join(TARGET, NAMES, { temporary })),
  },
  { name: 'a deletion', sources: 2, makes: null, run: (backend) => backend.delete(NAMES.slice(0, 2)) },
  {
    name: 'a listing',
    sources: 2,
    makes: null,
    run: async (backend) => expect(await keysOf(backend)).toEqual(['source-00', 'source-01']),
  },
]

const FAULTS: readonly (readonly [string, UpstreamFault])[] = [
  ['a reset before the request', { kind: 'reset', when: 'before-request' }],
  ['a reset in the request', { kind: 'reset', when: 'in-request', afterBytes: 300 }],
  ['a lost answer', { kind: 'reset', when: 'before-answer' }],
  ['a reset after the head', { kind: 'reset', when: 'after-head' }],
  ['a reset in the answer', { kind: 'reset', when: 'in-answer', afterBytes: 50 }],
  ['an answer that ends early', { kind: 'close', afterBytes: 50 }],
  ['an answer that lacks its last byte', { kind: 'shorten', bytes: 1 }],
  ['503', { kind: 'answer', answer: { status: 503 } }],
  ['503 though it was carried out', { kind: 'answer', answer: { status: 503 }, executed: true }],
  ['500', { kind: 'answer', answer: { status: 500, body: '{}' } }],
  ['429', { kind: 'answer', answer: { status: 429, headers: { 'retry-after': '0' } } }],
  ['a page of a proxy, with 200', { kind: 'answer', answer: { status: 200, body: '<html></html>' } }],
  ['no answer', { kind: 'hang', executed: false }],
  ['no answer though it was carried out', { kind: 'hang', executed: true }],
  ['silence in the answer', { kind: 'stall', afterBytes: 50 }],
  ['a slow request', { kind: 'slow', what: 'request', chunkSize: 100_000, pauseMs: 20 }],
  ['a slow answer', { kind: 'slow', what: 'answer', chunkSize: 100, pauseMs: 5 }],
]

interface Run {
  readonly error: unknown
  readonly requests: number
  /** Names that the operation was given for objects on the way. */
  readonly names: readonly string[]
  /** Past the faulty server. */
  readonly direct: Backend
}

/** Runs an operation in a place of its own; `broken` says which request fails, how, and how many from there on. */
async function run(
  operation: Operation,
  broken: { readonly nth: number; readonly times: number; readonly fault: UpstreamFault } | null,
): Promise<Run> {
  const isSilent = broken?.fault.kind === 'hang' || broken?.fault.kind === 'stall'
  const options: GcsBackendOptions = {
    ...freshOptions(),
    chunkSize: 256 * KIB,
    resumableThreshold: 1_000,
    retryDelaySeconds: 0.001,
    // Who waits in vain for each attempt makes fewer of them.
    attemptsMax: isSilent && broken?.times !== 1 ? 2 : 6,
  }
  const direct = gcsBackend(options)
  await direct.init()
  await fill(direct, operation.sources)
  const faulty = gcsBackend({ ...options, apiEndpoint: upstream.url, idleTimeoutSeconds: isSilent ? 0.5 : 30 })
  await faulty.init()
  upstream.forget()
  if (broken !== null) upstream.add(broken)
  const names: string[] = []
  const temporary = async (): Promise<BlobKey> => {
    const name = key(`temporary-${names.length}`)
    names.push(name)
    return name
  }
  const error: unknown = await operation.run(faulty, temporary).then(
    () => null,
    (failure: unknown) => failure,
  )
  const requests = upstream.requests.length
  upstream.heal()
  await faulty.close()
  return { error, requests, names, direct }
}

/** Nothing is there that nobody knows of, and the target is whole, or is not. */
async function expectWhole({ direct, names }: Run, operation: Operation): Promise<boolean> {
  const known = new Set<string>([...NAMES, ...names, TARGET])
  const keys = await keysOf(direct)
  expect(keys.filter((name) => !known.has(name))).toEqual([])
  const isThere = keys.includes(TARGET)
  if (isThere) expect((await readBlob(direct, TARGET)).equals(operation.makes ?? Buffer.alloc(0))).toBe(true)
  if (operation.name !== 'a deletion') expect(keys.filter((name) => name.startsWith('source-'))).toHaveLength(operation.sources)
  return isThere
}

describe.each(OPERATIONS.filter(({ name }) => RESUMES || name !== 'a put in chunks'))('$name', (operation) => {
  test.each(FAULTS)('%s, once, at each of its requests: all is well', async (_, fault) => {
    const { requests, direct } = await run(operation, null)
    await direct.close()
    for (let nth = 1; nth <= requests; nth += 1) {
      const outcome = await run(operation, { nth, times: 1, fault })
      expect(outcome.error).toBeNull()
      expect(await expectWhole(outcome, operation)).toBe(operation.makes !== null)
      await outcome.direct.close()
    }
  })

  test.each(FAULTS.filter(([, { kind }]) => kind !== 'slow'))(
    '%s, from each of its requests on: a clear error, or all is well',
    async (_, fault) => {
      const { requests, direct } = await run(operation, null)
      await direct.close()
      for (let nth = 1; nth <= requests; nth += 1) {
        const outcome = await run(operation, { nth, times: Number.POSITIVE_INFINITY, fault })
        const isThere = await expectWhole(outcome, operation)
        if (outcome.error === null) expect(isThere).toBe(operation.makes !== null)
        else expect(isStorageError(outcome.error) && outcome.error.code === 'BackendUnavailable' && outcome.error.retryable).toBe(true)
        await outcome.direct.close()
      }
    },
  )
})
