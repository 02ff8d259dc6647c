import type { BlobKey } from '@stowage/core/backend'
import { ChecksumFailure } from './errors.ts'
import { findObject, removeGeneration } from './find-object.ts'
import type { ObjectFacts } from './object-facts.ts'
import type { Refusal } from './refusal.ts'
import type { Attempt } from './retry.ts'
import { cleanUpLater } from './store.ts'
import type { Store } from './store.ts'

/** What an object must be when it is made: as many bytes, of this CRC-32C. */
export interface Content {
  readonly size: number
  readonly crc32c: number
}

/**
 * The headers of a blob's object. `no-transform`: whoever is given a signed URL gets the bytes as they are.
 */
export const OBJECT_METADATA: Readonly<Record<string, string>> = {
  contentType: 'application/octet-stream',
  cacheControl: 'private, no-transform',
}

/** Throws where the service holds something else than what was sent, and removes that; where it cannot be removed, the error says so. */
export async function checkStored(store: Store, key: BlobKey, { facts, content }: Stored): Promise<void> {
  if (isSame(facts, content)) return
  const message = `sent ${content.size} bytes of ${content.crc32c}, stored were ${facts.size} of ${facts.crc32c}`
  try {
    await removeGeneration(store, key, facts.generation)
  } catch (cause) {
    throw new ChecksumFailure(message, facts.generation, { cause })
  }
  throw new ChecksumFailure(message)
}

/** Tries once more to remove what a failed upload has left; what stays is the collector's. Nobody waits for it. */
export function removeLeft(store: Store, key: BlobKey, generation: string): void {
  cleanUpLater(store, () => removeGeneration(store, key, generation))
}

/** What the service has made, and what it should be. */
export interface Stored {
  readonly facts: ObjectFacts
  readonly content: Content
}

/**
 * What to make of "there is an object of this name already" (412). Where an earlier attempt ended in doubt, and the object is what
 * was sent, its answer was lost and the object is ours; everything else is a conflict.
 */
export async function resolveConflict(store: Store, key: BlobKey, { refusal, attempt, content, signal }: Conflict): Promise<ObjectFacts> {
  if (refusal.status !== 412 || !attempt.isDoubtful) throw refusal
  const facts = await findObject(store, key, signal)
  if (facts === null || !isSame(facts, content)) throw refusal
  return facts
}

/** A refusal, and what was tried. */
export interface Conflict {
  readonly refusal: Refusal
  readonly attempt: Pick<Attempt, 'isDoubtful'>
  readonly content: Content
  readonly signal: AbortSignal | undefined
}

/**
 * After a call that ended in doubt and is not repeated: removes the object should it have been made. Nobody waits for it. One that is not
 * what was sent may be somebody else's, and is left to the collector, who knows whose names are whose.
 */
export function forgetLater(store: Store, key: BlobKey, content: Content): void {
  cleanUpLater(store, async () => {
    const facts = await findObject(store, key)
    if (facts !== null && isSame(facts, content)) await removeGeneration(store, key, facts.generation)
  })
}

function isSame(facts: ObjectFacts, content: Content): boolean {
  return facts.size === content.size && facts.crc32c === content.crc32c
}
