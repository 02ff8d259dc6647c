import { NULL_VERSION } from '../../model/object.ts'
import type { ObjectInfo } from '../../model/object.ts'
import { readNoncurrent } from './key-state.ts'
import type { HeldVersion, KeyState } from './key-state.ts'
import type { SqlContext, SqlProgram } from './sql-driver.ts'
import { demoteCurrent, releaseContent, removeVersion } from './version-store.ts'

/** Which key makes room, and when. */
export interface KeyPlace {
  readonly bucketId: string
  readonly key: string
  /** The store's time, in milliseconds. */
  readonly now: number
}

/** What happens to the versions that are there when a new current one comes. */
export interface Room {
  /** Becomes a noncurrent version. */
  readonly demoted: HeldVersion | null
  /** Are gone for good. */
  readonly leaving: readonly HeldVersion[]
  /** All of them but delete markers, which nobody owns. */
  readonly touched: readonly ObjectInfo[]
}

/**
 * Finds what a new current version does to those that are there, as the bucket's versioning says: the current one goes
 * (off), becomes noncurrent (enabled), or does either, and any other null version goes (suspended). Writes nothing.
 */
export function* makeRoom({ versioning, current }: KeyState, { bucketId, key }: KeyPlace): SqlProgram<Room> {
  const keeps = versioning === 'enabled' || (versioning === 'suspended' && current?.info.versionId !== NULL_VERSION)
  const former = versioning === 'suspended' && keeps ? yield* readNoncurrent(bucketId, key, NULL_VERSION) : null
  const demoted = keeps ? current : null
  const leaving = [keeps ? null : current, former].filter((version) => version !== null)
  const touched = [...(demoted === null ? [] : [demoted]), ...leaving].map(({ info }) => info).filter(({ deleteMarker }) => !deleteMarker)
  return { demoted, leaving, touched }
}

/** Does what `makeRoom` found. A row in `objects` stays, for the caller to replace or delete. */
export function* clear(context: SqlContext, { demoted, leaving }: Room, { bucketId, key, now }: KeyPlace): SqlProgram<void> {
  if (demoted !== null) yield* demoteCurrent(bucketId, key)
  for (const version of leaving) {
    if (version.live) yield* releaseContent(context, version, now)
    else yield* removeVersion(context, version, now)
  }
}
