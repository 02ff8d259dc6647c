import { deepStrictEqual } from 'node:assert/strict'
import * as fc from 'fast-check'
import { DEFAULT_LIMITS } from '../../src/engine/limits.ts'
import type { Session } from '../../src/engine/session.ts'
import type { World } from '../support/world.ts'
import { arbitraryOperations } from './operation.ts'
import type { Operation } from './operation.ts'
import { bytesOf, checkFound, engineSource } from './perform-objects.ts'
import { OperationCommand, perform } from './perform.ts'
import { ReferenceModel } from './reference-uploads.ts'
import { isLatest } from './run-state.ts'
import type { RunState } from './run-state.ts'

/** How long and where from the model is held against an engine. */
export interface CheckModelOptions {
  readonly open: () => Promise<World>
  readonly runs: number
  readonly seed: number
  /** Operations a run at the most. Default 60. */
  readonly commandsMax?: number
  /** Whether a failure is made as short as it can be. Default: yes. */
  readonly shrinks?: boolean
}

export interface CheckedModel {
  readonly failed: boolean
  readonly runs: number
  /** How often each method of the session did what it was asked: runs in which everything is refused prove little. */
  readonly successes: ReadonlyMap<string, number>
  /** Of a failure: the seed, the shortest run that still fails, and where the two differ. */
  readonly report: string
}

const COMMANDS_MAX = 60
let states = 0

/**
 * Random operations on the model and an engine, answers held against each other; after each run everything is read back,
 * garbage is collected, and the stores are audited, once as they are and once emptied. Failures shrink. Runs share a
 * world as long as none fails.
 */
export async function checkModel(options: CheckModelOptions): Promise<CheckedModel> {
  const { open, runs, seed, commandsMax = COMMANDS_MAX, shrinks = true } = options
  let world: World | null = null
  const successes = new Map<string, number>()
  const commands = fc.commands(
    arbitraryOperations.map((arbitrary) => arbitrary.map((operation) => new OperationCommand(operation))),
    { maxCommands: commandsMax, size: 'max' },
  )
  const property = fc.asyncProperty(commands, async (commands) => {
    world ??= await open()
    const used = world
    // Until the run has ended well: what a failed run leaves behind must not disturb the next.
    world = null
    try {
      const state = beginRun(counting(used, successes))
      await prepare(state)
      await fc.asyncModelRun(() => ({ model: state, real: null }), commands)
      await finishRun(state)
    } catch (error) {
      await used.dispose()
      throw error
    }
    world = used
  })
  try {
    const details = await fc.check(property, { numRuns: runs, seed, endOnFailure: !shrinks })
    const because = details.errorInstance instanceof Error ? (details.errorInstance.stack ?? '') : ''
    const message = (await fc.asyncDefaultReportMessage(details)) ?? ''
    return { failed: details.failed, runs: details.numRuns, successes, report: `${message}\n${because}` }
  } finally {
    await (world as World | null)?.dispose()
  }
}

function beginRun(world: World): RunState {
  const { partSizeMin, uploadExpirySeconds } = { ...DEFAULT_LIMITS, ...world.limits }
  const model = new ReferenceModel({ partSizeMin, uploadExpirySeconds })
  model.now = world.time.now()
  states += 1
  return { world, model, prefix: `run-${states}`, versionIds: new Map(), uploads: [] }
}

/** The same world, whose sessions count what succeeds. */
function counting(world: World, successes: Map<string, number>): World {
  const counted = (session: Session): Session =>
    new Proxy(session, {
      get: (target, name) => {
        const method: unknown = Reflect.get(target, name)
        if (typeof method !== 'function') return method
        return async (...input: unknown[]): Promise<unknown> => {
          const result: unknown = await method.apply(target, input)
          successes.set(String(name), (successes.get(String(name)) ?? 0) + 1)
          return result
        }
      },
    })
  // The world's own getters: it may be opened anew in the middle of a run.
  return Object.create(world, { session: { get: () => counted(world.session) } }) as World
}

/** Every run begins with a bucket of each kind and something in hand: otherwise most calls would find nothing to do. */
const BEGINNING: readonly Operation[] = [
  { op: 'createBucket', bucket: 0, versioning: 'off' },
  { op: 'createBucket', bucket: 1, versioning: 'enabled' },
  { op: 'createBucket', bucket: 2, versioning: 'suspended' },
  ...[0, 1].flatMap((bucket): Operation[] => {
    const blob = { fill: bucket, size: 130, chunk: null, breaksAt: null }
    const attributes = { contentType: 'image/png', team: 'x', tag: '1' }
    return [
      { op: 'put', bucket, key: 'a', body: blob, claims: {}, attributes, conditions: {} },
      { op: 'createUpload', bucket, key: 'a', attributes, checksum: null },
      { op: 'createAppend', bucket, key: 'a/b', attributes, size: null, algorithm: null },
    ]
  }),
]

async function prepare(state: RunState): Promise<void> {
  for (const operation of BEGINNING) await new OperationCommand(operation).run(state)
}

async function finishRun(state: RunState): Promise<void> {
  await readBack(state, IN_PAGES)
  await perform(state, { op: 'collect', days: 0 })
  await state.world.audit()
  await readBack(state, WHOLE)
  await empty(state)
  await perform(state, { op: 'collect', days: 0 })
  // Nothing is left of an empty store: this is what finds a leak that the store's rows do not show.
  deepStrictEqual(await state.world.audit(), [])
}

/** How many entries a page has, of each listing. */
interface PageSizes {
  readonly list: number
  readonly listVersions: number
  readonly listUploads: number
}
const IN_PAGES: PageSizes = { list: 3, listVersions: 2, listUploads: 2 }
const WHOLE: PageSizes = { list: 1000, listVersions: 1000, listUploads: 1000 }
const LISTINGS = ['list', 'listVersions', 'listUploads'] as const

/** Everything there is, listed, and each version byte for byte. */
async function readBack(state: RunState, sizes: PageSizes): Promise<void> {
  for (const bucket of [0, 1, 2]) {
    for (const op of LISTINGS) {
      const limit = sizes[op]
      await perform(state, { op, bucket, prefix: '', delimiter: '', limit, startAfter: null })
    }
  }
  for (const [index, upload] of state.uploads.entries()) {
    // Far enough up to mean exactly this one, open or not.
    const spec = index + 3 * state.uploads.length
    if (upload.kind === 'parts') await perform(state, { op: 'listParts', upload: spec, limit: 1000 })
  }
  for (const bucket of state.model.buckets.values()) {
    for (const version of bucket.versions) {
      if (version.deleteMarker) continue
      const { key, versionId } = version
      const found = await state.world.session.getObject(engineSource({ bucket: bucket.name, key, versionId, conditions: {} }))
      const latest = isLatest(state, bucket.name, version)
      checkFound({ version, range: null, latest }, { found, bytes: await bytesOf(found) })
    }
  }
}

async function empty(state: RunState): Promise<void> {
  const { session } = state.world
  for (const bucket of state.model.buckets.values()) {
    const objects = bucket.versions.map(({ key, versionId }) => ({ key, versionId }))
    if (objects.length > 0) await session.deleteObjects({ bucket: { name: bucket.name }, objects })
    bucket.versions = []
    // Unfinished uploads go with their bucket.
    await session.deleteBucket({ bucket: { name: bucket.name } })
    state.model.deleteBucket(bucket.name)
  }
}
