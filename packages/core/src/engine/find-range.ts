import type { ByteRange } from '../backend/backend.ts'
import { StorageError } from '../errors/storage-error.ts'
import type { FindObjectQuery, Found } from '../metadata/queries.ts'
import type { ObjectChecksum } from '../model/object-checksum.ts'
import type { ObjectInfo } from '../model/object.ts'
import type { SessionContext } from './context.ts'
import { checkReadConditions, findQuery, foundNothing, presentObject } from './found-object.ts'
import type { GetObjectInput } from './inputs.ts'
import { findPartRange } from './part-range.ts'
import { resolveRange } from './resolve-range.ts'
import { readUnderRequirement } from './with-requirement.ts'
import type { BucketQuestion, Grounds } from './with-requirement.ts'

/** An object that may be read, and which bytes of it were asked for. */
export interface ObjectInRange<T> {
  readonly object: T
  /** Null where the whole object was asked for. */
  readonly range: ByteRange | null
  readonly length: number
  /** Of exactly these bytes: the whole object's, or a part's; null where none is known. */
  readonly checksum: ObjectChecksum | null
}

/** The part of GET and HEAD that they share: finds the object, checks the conditions, and holds the range against its size. */
export async function findRange<T extends ObjectInfo>(
  session: SessionContext,
  input: GetObjectInput,
  options: { readonly question: BucketQuestion; readonly find: (query: FindObjectQuery) => Promise<Found<T>> },
): Promise<ObjectInRange<T>> {
  const { question, find } = options
  const { engine } = session
  // Parts are a second look, and both must be of one and the same content.
  const mayLag = input.newest !== true && !(input.range !== undefined && 'part' in input.range)
  for (let attempt = 0; attempt <= engine.limits.commitRetriesMax; attempt += 1) {
    let query: FindObjectQuery | undefined
    const read = (grounds: Grounds): Promise<Found<T>> => {
      query = { ...findQuery(grounds, question), mayLag }
      return find(query)
    }
    const object = presentObject(await readUnderRequirement(session, question, { read, isNothing: foundNothing }), question)
    checkReadConditions(input.conditions, object)
    const requested = input.range
    if (requested === undefined) return { object, range: null, length: object.size, checksum: object.checksum }
    const found =
      'part' in requested
        ? await findPartRange(engine, { query, object, part: requested.part })
        : { range: resolveRange(requested, object.size), checksum: null }
    if (found !== null) return { object, ...found, length: found.range.end - found.range.start }
  }
  throw new StorageError('Conflict', { what: 'the object was replaced again and again' }, { retryable: true })
}
