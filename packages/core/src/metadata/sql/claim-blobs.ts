import type { Refusal } from '../commands.ts'
import type { BlobRef, Extent } from '../../model/extent.ts'
import { areReferenced, areReserved, blobName, distinctBlobs } from './references.ts'
import type { SqlContext, SqlProgram } from './sql-driver.ts'

/** The blobs of an extent list that may gain a reference, or why they may not. */
export interface ClaimedBlobs {
  readonly refused: Refusal | null
  readonly all: readonly BlobRef[]
  /** Those that were reserved until now. */
  readonly fresh: readonly BlobRef[]
}

/** Finds, and on Postgres locks, what makes each blob of the extents alive: its reservation, or a reference. Writes nothing. */
export function* claimBlobs(context: SqlContext, extents: readonly Extent[], brought: readonly BlobRef[]): SqlProgram<ClaimedBlobs> {
  const all = distinctBlobs(extents)
  if (all.length === 0) return { refused: null, all, fresh: all }
  const names = new Set(brought.map(blobName))
  const fresh = all.filter((blob) => names.has(blobName(blob)))
  const shared = all.filter((blob) => !names.has(blobName(blob)))
  if (!(yield* areReserved(context, fresh))) return { refused: { outcome: 'blob-gone', fresh: true }, all, fresh }
  if (!(yield* areReferenced(context, shared))) return { refused: { outcome: 'blob-gone', fresh: false }, all, fresh }
  return { refused: null, all, fresh }
}
