import type { JoinFacet } from '../../backend/backend.ts'
import type { BlobKey } from '../../backend/blob-key.ts'
import { StorageError } from '../../errors/storage-error.ts'
import type { VersionPlace } from '../../metadata/exchange.ts'
import type { BlobRef } from '../../model/extent.ts'
import { MAIN_BACKEND_ID } from '../context.ts'
import type { EngineContext } from '../context.ts'
import { abandonBlobs, discardBlobs, ReservationLost } from '../reservation-lost.ts'
import { planJoins } from './join-policy.ts'
import type { JoinRules, JoinRun } from './join-policy.ts'

/** How a version is joined. */
export interface JoinVersionOptions {
  /** How many extents, how large, how many at once. */
  readonly rules: JoinRules
  /** Aborting ends the joins and rejects with its reason; what has been exchanged stays so. */
  readonly signal: AbortSignal
}

/**
 * Joins the blobs of a version as the rules say, run by run: each is reserved, joined by the backend, held against what it
 * must be, and exchanged in one commit. Whatever fails, or whoever overwrites or deletes the version meanwhile: users see the
 * same bytes, and the collector knows of every blob. Events: `blobs.joined`, `join.outdated`.
 */
export async function joinVersion(engine: EngineContext, place: VersionPlace, { rules, signal }: JoinVersionOptions): Promise<void> {
  const { backend, metadata } = engine
  const facet = backend.joining
  if (facet === undefined) return
  const found = await metadata.findPlaces(place)
  if (found === null) return
  const { manifestId, extents } = found
  const powers = { ...limitsOf(facet), backendId: MAIN_BACKEND_ID, blobSizeMax: backend.limits.blobSizeMax }
  for (const run of planJoins(extents, { powers, rules })) {
    signal.throwIfAborted()
    if (!(await joinRun(engine, { ...place, manifestId, run, signal }))) return
  }
}

/** Read one by one: a facet may be an object whose members are getters. */
function limitsOf(facet: JoinFacet): Omit<JoinFacet, 'join'> {
  const { sourceCountMax, sourceSizeMin, sourceSizeMax, sourceSizesEqual } = facet
  return { sourceCountMax, sourceSizeMin, sourceSizeMax, sourceSizesEqual }
}

interface OneRun extends VersionPlace {
  readonly manifestId: number
  readonly run: JoinRun
  readonly signal: AbortSignal
}

/** Says whether the version is still the one that was looked at. */
async function joinRun(engine: EngineContext, one: OneRun): Promise<boolean> {
  const { observer, reservations } = engine
  const joined = await reservations.take()
  const temporaries: BlobRef[] = []
  const temporary = async (): Promise<BlobKey> => {
    const name = await reservations.take()
    temporaries.push(name)
    return name.blob
  }
  try {
    // Asked anew for each run: a backend that has begun to move joins no more, and what is under way there is waited for.
    const facet = engine.backend.joining
    if (facet === undefined) {
      await discardBlobs(engine, [joined])
      return false
    }
    const size = await join(facet, joined, { ...one, temporary })
    const isCurrent = await exchange(engine, joined, one)
    if (isCurrent) observer.event('blobs.joined', { ...joined, sources: one.run.length, size })
    else {
      await discardBlobs(engine, [joined])
      observer.event('join.outdated', { ...joined })
    }
    return isCurrent
  } catch (error) {
    await abandonBlobs(engine, [joined], error)
    throw error
  } finally {
    // No commit ever names them; most backends have deleted them already.
    await discardBlobs(engine, temporaries)
  }
}

interface JoinStep extends OneRun {
  readonly temporary: () => Promise<BlobKey>
}

async function join(facet: JoinFacet, { blob }: BlobRef, { run, signal, temporary }: JoinStep): Promise<number> {
  const sources = run.map((source) => source.blob)
  const stored = await facet.join(blob, sources, { temporary, signal })
  const size = run.reduce((sum, { storedLength }) => sum + storedLength, 0)
  // Longer where an extent is not all of its blob, which its row cannot tell.
  if (stored.size !== size) {
    throw new StorageError('BlobDamaged', { blob, reason: `it was joined to ${stored.size} bytes, not to ${size}` })
  }
  signal.throwIfAborted()
  return size
}

async function exchange(engine: EngineContext, to: BlobRef, { bucketId, key, sequence, manifestId, run }: OneRun): Promise<boolean> {
  let offset = 0
  const moves = run.map(({ backendId, blob, storedLength }) => {
    const move = { from: { backendId, blob }, to, offset }
    offset += storedLength
    return move
  })
  const { outcome } = await engine.metadata.exchangeExtents({ bucketId, key, sequence, manifestId, moves, fresh: [to] })
  if (outcome === 'blob-gone') throw new ReservationLost()
  return outcome === 'exchanged'
}
