import { StorageError } from '../errors/storage-error.ts'
import type { PartPage } from '../metadata/commands.ts'
import type { SessionContext } from './context.ts'
import { checkReadConditions, findQuery, foundNothing, presentObject } from './found-object.ts'
import type { ObjectInput } from './inputs.ts'
import { objectQuestion } from './object-question.ts'
import { parseLimit } from './parse-limit.ts'
import { readUnderRequirement } from './with-requirement.ts'
import type { Grounds } from './with-requirement.ts'

/** A page of the parts that an object was completed from; empty for one that was written in one go. */
export async function listObjectParts(
  session: SessionContext,
  input: ObjectInput & { readonly partNumberMarker?: number; readonly limit?: number },
): Promise<PartPage> {
  const { metadata, limits } = session.engine
  const question = objectQuestion(session, { operation: 'HeadObject', action: 'object.read' }, input)
  const after = parsePartNumberMarker(input.partNumberMarker)
  const limit = parseLimit(input.limit, limits.listLimitMax)
  input.signal?.throwIfAborted()
  let grounds: Grounds | undefined
  const found = await readUnderRequirement(session, question, {
    read: (found) => {
      grounds = found
      return metadata.findObject(findQuery(found, question))
    },
    isNothing: foundNothing,
  })
  const object = presentObject(found, question)
  checkReadConditions(input.conditions, object)
  if (grounds === undefined || object.partCount === null || limit === 0) return { parts: [], next: null }
  return metadata.listObjectParts({ ...findQuery(grounds, question), versionId: object.versionId, after, limit })
}

/** Parts with a greater number than this one follow. Default 0. */
export function parsePartNumberMarker(marker: number | undefined): number {
  if (marker === undefined) return 0
  if (Number.isSafeInteger(marker) && marker >= 0) return marker
  throw new StorageError('InvalidArgument', { argument: 'partNumberMarker', reason: 'is a whole number, 0 or more' })
}
