import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import type { MetadataStore } from '../../src/metadata/metadata-store.ts'
import { overriding } from '../engine-matrix.ts'
import { md5Hex, partsEtag } from '../model/reference-checksums.ts'
import { sampleBytes } from '../support/sample-bytes.ts'
import { openWorld } from '../support/world.ts'
import type { World } from '../support/world.ts'

const BUCKET = { name: 'bucket' }
const TARGET = { bucket: BUCKET, key: 'hot' }
/** More and larger than what a read has open ahead: the last blob is opened only when the reader comes to it. */
const PART_SIZE = 128 * 1024
const PART_COUNT = 12
/** How long a blob stays; readers are slower than that on purpose. */
const GRACE_MS = 1_000
const READ_MS = 1_800
/** At the least: a busy machine needs longer until anything is proven. */
const LOAD_MS = 4_000
const LOAD_MS_MAX = 45_000
const TIMEOUT_MS = 120_000

/** Seconds of grace instead of a minute, and a process that tells the truth often. */
const LIMITS = { garbageGraceSeconds: GRACE_MS / 1000, processLeaseSeconds: 60, heartbeatIntervalSeconds: 0.1 }

function open(store: 'sqlite' | 'postgres', wrapStore: (store: MetadataStore) => MetadataStore = (inner) => inner): Promise<World> {
  return openWorld({ store, backend: 'memory', realTime: true, limits: LIMITS, wrapStore })
}

/** Many blobs: whoever has begun with the first still needs the others. */
async function writeParts({ session }: World, n: number): Promise<void> {
  const { uploadId } = await session.createUpload({ ...TARGET, userMetadata: { n: String(n) } })
  const parts = []
  for (let partNumber = 1; partNumber <= PART_COUNT; partNumber += 1) {
    parts.push(await session.uploadPart({ ...TARGET, uploadId, partNumber, body: sampleBytes(n * 10 + partNumber, PART_SIZE) }))
  }
  await session.completeUpload({ ...TARGET, uploadId, parts: parts.map(({ partNumber, etag }) => ({ partNumber, etag })) })
}

async function writeWhole({ session }: World, n: number): Promise<void> {
  await session.putObject({ ...TARGET, body: sampleBytes(n, n % 2 === 0 ? 40 : 250), userMetadata: { n: String(n) } })
}

/** Reads with a pause behind the first chunk. What comes must be one object, whole, with its own ETag and metadata. */
async function readSlowly({ session }: World, pauseMs: number): Promise<number> {
  const found = await session.getObject(TARGET)
  const chunks: Buffer[] = []
  for await (const chunk of await found.open()) {
    chunks.push(chunk as Buffer)
    if (chunks.length === 1) await sleep(pauseMs)
  }
  const bytes = Buffer.concat(chunks)
  const { etag, partCount, size, userMetadata } = found.info
  expect(bytes.length).toBe(size)
  const parts = Array.from({ length: partCount ?? 0 }, (_, at) => bytes.subarray(at * PART_SIZE, (at + 1) * PART_SIZE))
  expect(partCount === null ? md5Hex(bytes) : partsEtag(parts)).toBe(etag)
  const n = Number(userMetadata['n'])
  const expected = partCount === null ? sampleBytes(n, size) : sampleBytes(n * 10 + 1, PART_SIZE)
  expect(bytes.subarray(0, expected.length).equals(expected)).toBe(true)
  return n
}

/** What a load has done up to now. */
interface LoadSoFar {
  readonly writes: number
  readonly collected: number
}

/** Writers and a collector until the time is up and what they did is enough. Gives back how many blobs were collected. */
async function load(world: World, writers: number, isEnough: (done: LoadSoFar) => boolean = () => true): Promise<LoadSoFar> {
  const began = performance.now()
  let writes = 0
  let collected = 0
  const goesOn = (): boolean => {
    const passed = performance.now() - began
    return passed < LOAD_MS || (passed < LOAD_MS_MAX && !isEnough({ writes, collected }))
  }
  const writer = async (): Promise<void> => {
    while (goesOn()) {
      writes += 1
      await (writes % 3 === 0 ? writeWhole(world, writes) : writeParts(world, writes))
      await sleep(20)
    }
  }
  const collector = async (): Promise<void> => {
    while (goesOn()) {
      collected += (await world.engine.collectGarbage()).blobs
      await sleep(50)
    }
  }
  await Promise.all([...Array.from({ length: writers }, writer), collector()])
  return { writes, collected }
}

describe.each(['sqlite', 'postgres'] as const)('overwrites under load on %s', (store) => {
  test('readers see one object, whole, while others replace and collect it', { timeout: TIMEOUT_MS }, async () => {
    const world = await open(store)
    try {
      await world.session.createBucket({ bucket: BUCKET })
      await writeParts(world, 0)
      const seen = new Set<number>()
      const isEnough = ({ writes, collected }: LoadSoFar): boolean => writes > 3 && collected > 0 && seen.size > 2
      const over = new AbortController()
      const reader = async (pauseMs: number): Promise<void> => {
        while (!over.signal.aborted) seen.add(await readSlowly(world, pauseMs))
      }
      const loading = load(world, 3, isEnough).finally(() => over.abort())
      const [{ writes, collected }] = await Promise.all([loading, reader(0), reader(5), reader(READ_MS), reader(READ_MS)])
      // Otherwise this proves nothing.
      expect(collected).toBeGreaterThan(0)
      expect(seen.size).toBeGreaterThan(2)
      expect(writes).toBeGreaterThan(3)
      await world.audit()
    } finally {
      await world.dispose()
    }
  })

  test('without the heartbeat of open reads a slow reader would lose its bytes', { timeout: TIMEOUT_MS }, async () => {
    const silent = (inner: MetadataStore): MetadataStore =>
      overriding(inner, { heartbeat: (beat) => inner.heartbeat({ ...beat, oldestReadAgeMs: null }) })
    const world = await open(store, silent)
    try {
      await world.session.createBucket({ bucket: BUCKET })
      await writeParts(world, 0)
      const reading = expect(readSlowly(world, READ_MS)).rejects.toMatchObject({ code: 'BlobNotFound' })
      await writeParts(world, 1)
      await load(world, 0)
      await reading
    } finally {
      await world.dispose()
    }
  })
})
