import type { CommitObjectCommand, CommitObjectOutcome } from '../../commands.ts'
import { NULL_VERSION } from '../../../model/object.ts'
import type { ObjectInfo } from '../../../model/object.ts'
import { claimBlobs } from '../claim-blobs.ts'
import { asProposed, refuse, refuseAtDoor, refuseFinal } from '../guard.ts'
import type { Guarded } from '../guard.ts'
import { readKeyState } from '../key-state.ts'
import { bucketLock, hold, keyLock, policyLock } from '../locks.ts'
import { clear, makeRoom } from '../make-room.ts'
import { NO_PART, addReferences } from '../references.ts'
import type { SqlContext, SqlProgram } from '../sql-driver.ts'
import { storeExtents, writeCurrent } from '../version-store.ts'

/** Writes a new current version of a key: the one commit of puts and copies. */
export function* commitObject(context: SqlContext, command: CommitObjectCommand): SqlProgram<CommitObjectOutcome> {
  const { extents, ...proposed } = command.object
  const { bucketId, key } = proposed
  const { require, conditions } = command
  yield* hold(context, [policyLock(false), bucketLock(bucketId, false), keyLock(bucketId, key)])
  const state = yield* readKeyState(context, bucketId, key)
  const { now } = state
  const room = yield* makeRoom(state, { bucketId, key, now })
  const atDoor = refuseAtDoor(state, require)
  if (atDoor !== null || state.bucket === null) return atDoor ?? { outcome: 'bucket-gone' }
  const existing = state.current?.info ?? null
  const guarded: Guarded = {
    bucket: state.bucket,
    require,
    conditions,
    existing,
    bypass: null,
    now,
    proposed: asProposed(proposed, command.declaredSize ?? null),
    touched: room.touched,
    destroyed: room.leaving.map(({ info }) => info),
  }
  const refused = (yield* refuse(context, guarded)) ?? (yield* refuseFinal(context, guarded, proposed))
  if (refused !== null) return refused
  const blobs = yield* claimBlobs(context, extents, command.fresh)
  if (blobs.refused !== null) return blobs.refused

  const sequence = context.sequence(state.sequence)
  const versionId = state.versioning === 'enabled' ? proposed.versionId : NULL_VERSION
  const object: ObjectInfo = { ...proposed, versionId, sequence, latest: true, deleteMarker: false }
  yield* addReferences(context, { manifestId: sequence, partNumber: NO_PART, blobs: blobs.all, fresh: blobs.fresh })
  const packed = yield* storeExtents(context, extents, { manifestId: sequence, firstInlineId: sequence })
  yield* clear(context, room, { bucketId, key, now })
  yield* writeCurrent({ object, manifestId: sequence, extents: packed }, existing !== null)
  return { outcome: 'committed', object, replaced: existing }
}
