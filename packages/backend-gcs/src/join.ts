import { combineCrcs, StorageError } from '@stowage/core/backend'
import type { BlobKey, JoinFacet, JoinOptions, StoredBlob } from '@stowage/core/backend'
import pLimit from 'p-limit'
import { deleteObject } from './delete.ts'
import { translate } from './errors.ts'
import { findObject } from './find-object.ts'
import { digestOf, FACTS, parseFactsText, UnreadableAnswer } from './object-facts.ts'
import type { ObjectFacts } from './object-facts.ts'
import { objectName, objectPath, withQuery } from './object-path.ts'
import { Refusal } from './refusal.ts'
import { withRetries } from './retry.ts'
import { cleanUpLater } from './store.ts'
import type { Store } from './store.ts'
import { OBJECT_METADATA, resolveConflict } from './upload-facts.ts'
import type { Content } from './upload-facts.ts'

/** How many objects one composition takes. Cloud Storage, "Composite objects". */
const SOURCES_A_CALL = 32

/** What a join can take: any number and any sizes, as long as the whole is a blob. */
export const JOIN_LIMITS: Omit<JoinFacet, 'join' | 'sourceSizeMax'> = {
  sourceCountMax: 10_000,
  sourceSizeMin: 0,
  sourceSizesEqual: false,
}

/**
 * Joins objects by `compose`: up to 32 in one call; more in a tree, whose inner objects are under names that `temporary` reserved
 * and are deleted in the end. Interrupted anywhere, nothing is left but those names and the last one: the collector knows them all.
 *
 * The CRC-32C of a composition is made by the service from those of its sources; no byte moves.
 */
export async function joinBlobs(store: Store, to: BlobKey, { sources, options }: JoinCall): Promise<StoredBlob> {
  const { signal } = options
  const made: BlobKey[] = []
  try {
    signal?.throwIfAborted()
    if (sources.length === 0 || sources.length > JOIN_LIMITS.sourceCountMax) {
      throw new StorageError('InvalidArgument', { argument: 'sources', reason: `must be 1 to ${JOIN_LIMITS.sourceCountMax} blobs` })
    }
    const last = await composeLevels(store, { sources, options, made })
    const { size } = await compose(store, { to, sources: last, signal })
    return { size }
  } catch (error) {
    throw signal?.aborted === true ? signal.reason : translate(error, { operation: 'join', key: to })
  } finally {
    cleanUpLater(store, () => deleteAll(store, made))
  }
}

/** The arguments of a join, besides where to. */
export interface JoinCall {
  readonly sources: readonly BlobKey[]
  readonly options: JoinOptions
}

/** Composes until one call can take what is left. Each name is in `made` before the service hears of it. */
async function composeLevels(
  store: Store,
  { sources, options, made }: JoinCall & { readonly made: BlobKey[] },
): Promise<readonly BlobKey[]> {
  const limit = pLimit(store.options.concurrency)
  let level = sources
  while (level.length > SOURCES_A_CALL) {
    const groups = groupsOf(level)
    const results = await Promise.allSettled(
      groups.map((group) =>
        limit(async () => {
          options.signal?.throwIfAborted()
          const [only] = group
          if (group.length === 1 && only !== undefined) return only
          const name = await options.temporary()
          made.push(name)
          await compose(store, { to: name, sources: group, signal: options.signal })
          return name
        }),
      ),
    )
    // All have stopped by now: what is deleted after a failure is not made meanwhile.
    level = results.map((result) => {
      if (result.status === 'rejected') throw result.reason
      return result.value
    })
  }
  return level
}

function groupsOf(keys: readonly BlobKey[]): readonly (readonly BlobKey[])[] {
  return Array.from({ length: Math.ceil(keys.length / SOURCES_A_CALL) }, (_, index) =>
    keys.slice(index * SOURCES_A_CALL, (index + 1) * SOURCES_A_CALL),
  )
}

async function deleteAll(store: Store, keys: readonly BlobKey[]): Promise<void> {
  const limit = pLimit(store.options.concurrency)
  await Promise.allSettled(keys.map((key) => limit(() => deleteObject(store, key))))
}

interface Composition {
  readonly to: BlobKey
  readonly sources: readonly BlobKey[]
  readonly signal: AbortSignal | undefined
}

async function compose(store: Store, composition: Composition): Promise<ObjectFacts> {
  const { to, sources, signal } = composition
  const target = withQuery(`${objectPath(store.options, to)}/compose`, { ifGenerationMatch: '0', fields: FACTS })
  const sourceObjects = sources.map((source) => ({ name: objectName(store.options, source) }))
  const body = [Buffer.from(JSON.stringify({ sourceObjects, destination: OBJECT_METADATA }))]
  const headers = { 'content-type': 'application/json; charset=UTF-8' }
  try {
    return await withRetries({ store, signal }, async (attempt) => {
      try {
        const facts = parseFactsText((await store.transport.ask({ method: 'POST', target, headers, body, signal })).body)
        if (facts.name !== objectName(store.options, to)) throw new UnreadableAnswer('the service answered with another object')
        return facts
      } catch (error) {
        if (!(error instanceof Refusal)) throw error
        // The service answers 404 and does not say to which of them.
        if (error.missing === 'object' || error.missing === 'something') throw await missingSource(store, composition, error)
        if (error.status !== 412 || !attempt.isDoubtful) throw error
        return resolveConflict(store, to, { refusal: error, attempt, content: sumOf(await findSources(store, composition, error)), signal })
      }
    })
  } catch (error) {
    // An emulator answers 500. What is missing is what matters.
    if (error instanceof Refusal && error.status !== 412) await findSources(store, composition, error)
    throw error
  }
}

/** What is to be made of "something is not there": the first source that is missing; where all are found, an answer that cannot be. */
async function missingSource(store: Store, composition: Composition, refusal: Refusal): Promise<Error> {
  await findSources(store, composition, refusal)
  return new UnreadableAnswer('sources that are there were said to be missing', { cause: refusal })
}

/** What the service knows of the sources. The first that is missing is an error. */
async function findSources(store: Store, { sources, signal }: Composition, refusal: Refusal): Promise<readonly ObjectFacts[]> {
  const limit = pLimit(store.options.concurrency)
  return Promise.all(
    sources.map((source) =>
      limit(async () => {
        const facts = await findObject(store, source, signal)
        if (facts === null) throw new StorageError('BlobNotFound', { blob: source }, { cause: refusal })
        return facts
      }),
    ),
  )
}

/** What the composition must be. */
function sumOf(sources: readonly ObjectFacts[]): Content {
  const pieces = sources.map(({ crc32c, size }) => ({ digest: digestOf(crc32c ?? 0), length: size }))
  return { size: pieces.reduce((sum, { length }) => sum + length, 0), crc32c: combineCrcs('CRC32C', pieces).readUInt32BE() }
}
