import type { DeleteKey, DeleteObjectsCommand, DeleteOutcome, Refusal } from '../../commands.ts'
import { NULL_VERSION } from '../../../model/object.ts'
import type { ObjectInfo } from '../../../model/object.ts'
import { asProposed, refuse, refuseAtDoor } from '../guard.ts'
import { readKeyState, readNewestNoncurrent, readNoncurrent } from '../key-state.ts'
import type { HeldVersion, KeyState } from '../key-state.ts'
import { bucketLock, hold, keyLock, policyLock } from '../locks.ts'
import { clear, makeRoom } from '../make-room.ts'
import type { Room } from '../make-room.ts'
import type { SqlContext, SqlProgram } from '../sql-driver.ts'
import { deleteCurrent, promoteVersion, removeVersion, writeMarker } from '../version-store.ts'

/** Deletes keys, or versions of them, or leaves delete markers: one outcome each, in the order given. */
export function* deleteObjects(context: SqlContext, command: DeleteObjectsCommand): SqlProgram<readonly DeleteOutcome[]> {
  const { bucketId, at } = command
  const keys = [...new Set(command.keys.map(({ key }) => key))].sort()
  const locks = [policyLock(false), bucketLock(bucketId, false), ...keys.map((key) => keyLock(bucketId, key))]
  yield* hold(context, locks)
  const outcomes: DeleteOutcome[] = []
  for (const key of command.keys) outcomes.push(yield* deleteOne(context, key, { bucketId, at }))
  return outcomes
}

interface DeletePlace {
  readonly bucketId: string
  readonly at: Date
}

function* deleteOne(context: SqlContext, wanted: DeleteKey, place: DeletePlace): SqlProgram<DeleteOutcome> {
  const state = yield* readKeyState(context, place.bucketId, wanted.key)
  const refused = refuseAtDoor(state, wanted.require)
  if (refused !== null) return refused
  if (wanted.versionId !== undefined) return yield* deleteVersion(context, { wanted, versionId: wanted.versionId, state, place })
  if (state.versioning === 'off') return yield* deleteKey(context, { wanted, state })
  return yield* leaveMarker(context, { wanted, state, place })
}

interface DeleteStep {
  readonly wanted: DeleteKey
  readonly state: KeyState
  readonly place: DeletePlace
}

function* deleteKey(context: SqlContext, { wanted, state }: Pick<DeleteStep, 'wanted' | 'state'>): SqlProgram<DeleteOutcome> {
  const { current } = state
  const refused = yield* refuseKey(
    context,
    { wanted, state },
    { found: current, marker: null, room: current === null ? null : gone(current) },
  )
  if (refused !== null) return refused
  if (current !== null) yield* removeVersion(context, current, state.now)
  return { outcome: 'deleted', versionId: null, deleteMarker: false }
}

function* leaveMarker(context: SqlContext, { wanted, state, place }: DeleteStep): SqlProgram<DeleteOutcome> {
  const { bucketId, at } = place
  const { now } = state
  const { key, ownerId } = wanted
  const versionId = state.versioning === 'suspended' ? NULL_VERSION : wanted.markerVersionId
  const marker = markerOf({ bucketId, key, ownerId, createdAt: at, versionId })
  const room = yield* makeRoom(state, { bucketId, key, now })
  const refused = yield* refuseKey(context, { wanted, state }, { found: state.current, marker, room })
  if (refused !== null) return refused
  yield* clear(context, room, { bucketId, key, now })
  if (state.current !== null) yield* deleteCurrent(bucketId, key)
  yield* writeMarker({ ...marker, sequence: context.sequence(state.sequence) })
  return { outcome: 'marked', versionId }
}

function* deleteVersion(context: SqlContext, step: DeleteStep & { readonly versionId: string }): SqlProgram<DeleteOutcome> {
  const { wanted, versionId, state, place } = step
  const { bucketId } = place
  const { current, now } = state
  const found = current?.info.versionId === versionId ? current : yield* readNoncurrent(bucketId, wanted.key, versionId)
  const refused = yield* refuseKey(context, step, { found, marker: null, room: found === null ? null : gone(found) })
  if (refused !== null) return refused
  if (found === null) return { outcome: 'deleted', versionId, deleteMarker: false }
  yield* removeVersion(context, found, now)
  if (current === null || found.live) yield* promoteNewest(bucketId, wanted.key)
  return { outcome: 'deleted', versionId, deleteMarker: found.info.deleteMarker }
}

/** A key without a row in `objects` has a delete marker on top, or nothing: a version on top becomes the current one. */
function* promoteNewest(bucketId: string, key: string): SqlProgram<void> {
  const newest = yield* readNewestNoncurrent(bucketId, key)
  if (newest !== null && !newest.info.deleteMarker) yield* promoteVersion(newest)
}

interface DeletedRows {
  /** The current version, or the version that the caller names, a delete marker included. */
  readonly found: HeldVersion | null
  /** The marker that would be left. */
  readonly marker: ObjectInfo | null
  /** What happens to the versions there are; null where there are none. */
  readonly room: Pick<Room, 'touched' | 'leaving'> | null
}

/** Who may not delete a delete marker must not bring back what lies under it: named, it is a row like any other. */
function gone(version: HeldVersion): Pick<Room, 'touched' | 'leaving'> {
  return { touched: [version.info], leaving: [version] }
}

function* refuseKey(
  context: SqlContext,
  { wanted, state }: Pick<DeleteStep, 'wanted' | 'state'>,
  { found, marker, room }: DeletedRows,
): SqlProgram<Refusal | null> {
  const { require, conditions, bypassGovernance } = wanted
  if (state.bucket === null) return { outcome: 'bucket-gone' }
  const refused = yield* refuse(context, {
    bucket: state.bucket,
    require,
    conditions,
    bypass: bypassGovernance,
    now: state.now,
    proposed: marker === null ? null : asProposed(marker),
    existing: found === null || found.info.deleteMarker ? null : found.info,
    touched: room?.touched ?? [],
    destroyed: room?.leaving.map(({ info }) => info) ?? [],
  })
  if (refused !== null) return refused
  // Nothing to delete and no marker to leave: the answer itself would say that there is nothing.
  const tells = found === null && marker === null && require.whenAbsent === 'forbidden'
  return tells ? { outcome: 'denied', looks: 'forbidden' } : null
}

function markerOf(facts: Pick<ObjectInfo, 'bucketId' | 'key' | 'ownerId' | 'createdAt' | 'versionId'>): ObjectInfo {
  return {
    ...facts,
    deleteMarker: true,
    latest: true,
    sequence: 0,
    size: 0,
    etag: '',
    partCount: null,
    checksum: null,
    headers: {},
    userMetadata: {},
    tags: {},
    retention: null,
    legalHold: false,
  }
}
