import { isStorageError } from '@stowage/core/backend'
import type { BlobKey } from '@stowage/core/backend'
import { isUnknownOutcome, isUploadGone } from './errors.ts'
import { findObject } from './find-object.ts'
import type { FoundObject } from './find-object.ts'
import type { Store } from './store.ts'

/** A request that failed, and what would be there had it been carried out. */
export interface FailedWrite {
  /** What it failed with, in the engine's words. */
  readonly error: unknown
  /** Of the caller. Who has given up does not want to know. */
  readonly signal: AbortSignal | undefined
  /** Null where only the store knows; so is a sum that nobody has. */
  readonly expected: { readonly size: number; readonly crc32: string | null } | null
}

/** How long the question may take, in milliseconds: a service that cannot be reached at all has been asked often enough. */
const ASK_MS = 15_000

/**
 * Finds out whether a write that failed was carried out all the same (its answer was lost, or a repetition found the upload gone). Gives what
 * is there if it was; else throws the error. Nobody but this write uses the name, and an object appears whole or not at all: one that is
 * there, with this size and this sum, is what was written.
 */
export async function resolveOutcome(store: Store, key: BlobKey, { error, signal, expected }: FailedWrite): Promise<FoundObject> {
  const cause = isStorageError(error) ? error.cause : undefined
  if (signal?.aborted === true || cause === undefined || !(isUnknownOutcome(cause) || isUploadGone(cause))) throw error
  const asking = AbortSignal.timeout(ASK_MS)
  const found = await findObject(store, key, signal === undefined ? asking : AbortSignal.any([signal, asking])).catch(() => null)
  if (found === null) throw error
  if (expected !== null && !(found.size === expected.size && mayBe(found.crc32, expected.crc32))) throw error
  return found
}

/** Whether two sums can be of the same bytes. */
function mayBe(one: string | null, other: string | null): boolean {
  return one === null || other === null || one === other
}
