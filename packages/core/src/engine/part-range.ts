import type { ByteRange } from '../backend/backend.ts'
import { StorageError } from '../errors/storage-error.ts'
import type { FindObjectQuery } from '../metadata/queries.ts'
import type { ObjectChecksum } from '../model/object-checksum.ts'
import type { ObjectInfo } from '../model/object.ts'
import { assert } from '../util/assert.ts'
import type { EngineContext } from './context.ts'

/** Rows of a page of parts. */
const PAGE_SIZE = 1_000

/** A part of an object that was found by a query. */
export interface PartOfObject {
  readonly query: FindObjectQuery | undefined
  readonly object: ObjectInfo
  readonly part: number
}

/** Where a part lies, and the checksum of its own bytes, of the type that the object has; null where the object keeps none. */
export interface FoundPart {
  readonly range: ByteRange
  readonly checksum: ObjectChecksum | null
}

/**
 * Finds one part of an object. An object that was written in one go has one part, number 1. Null where the object
 * was replaced while its parts were read: then find it again.
 */
export async function findPartRange(engine: EngineContext, { query, object, part }: PartOfObject): Promise<FoundPart | null> {
  assert(query !== undefined, 'an object has been looked for before its parts')
  if (!(Number.isInteger(part) && part >= 1 && part <= engine.limits.partNumberMax)) {
    throw new StorageError('InvalidArgument', { argument: 'range', reason: `a part number is 1 to ${engine.limits.partNumberMax}` })
  }
  if (object.partCount === null) {
    if (part === 1) return { range: { start: 0, end: object.size }, checksum: object.checksum }
    throw new StorageError('InvalidRange', { size: object.size })
  }
  const exact = { ...query, versionId: object.versionId }
  const found = await sumParts(engine, exact, part)
  // Unversioned objects share one version id: the parts may have been another object's.
  const now = await engine.metadata.findObject(exact)
  if (now.outcome !== 'found' || now.object.sequence !== object.sequence) return null
  if (found === null) throw new StorageError('InvalidRange', { size: object.size })
  const { range, checksum } = found
  return { range, checksum: checksum === null || object.checksum === null ? null : { ...checksum, type: object.checksum.type } }
}

async function sumParts(engine: EngineContext, query: FindObjectQuery, wanted: number): Promise<FoundPart | null> {
  let start = 0
  let after: number | null = 0
  while (after !== null) {
    const page: Awaited<ReturnType<EngineContext['metadata']['listObjectParts']>> = await engine.metadata.listObjectParts({
      ...query,
      after,
      limit: PAGE_SIZE,
    })
    for (const { partNumber, size, checksum } of page.parts) {
      if (partNumber === wanted) return { range: { start, end: start + size }, checksum }
      start += size
    }
    after = page.next
  }
  return null
}
