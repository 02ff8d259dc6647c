import type { SessionContext } from './context.ts'
import { findRange } from './find-range.ts'
import type { GetObjectInput, OpenedObject } from './inputs.ts'
import { objectQuestion } from './object-question.ts'

/** What GET would say of an object, without its bytes. */
export async function headObject(
  session: SessionContext,
  input: GetObjectInput,
): Promise<Omit<OpenedObject, 'open' | 'bytes' | 'close' | 'directUrl'>> {
  const question = objectQuestion(session, { operation: 'HeadObject', action: 'object.read' }, input)
  input.signal?.throwIfAborted()
  const { metadata } = session.engine
  const { object, ...found } = await findRange(session, input, {
    question,
    find: (query) => metadata.findObject(query),
  })
  return { info: object, ...found }
}
