import type { JsonValue } from '../../../model/json-value.ts'
import { StorageError } from '../../../errors/storage-error.ts'
import { assert } from '../../../util/assert.ts'
import type { StoreMark, StoreState } from '../../copying.ts'
import { readDocument } from '../documents.ts'
import type { SqlDriver, SqlProgram } from '../sql-driver.ts'

/** The kind of the document that says why a store is not to be served. It is of its store alone: no copy has it. */
export const MARK_KIND = 'store.mark'
/** The one there is of it. */
export const MARK_ID = 'main'

const STATES: readonly StoreState[] = ['copying', 'moving', 'moved', 'backup']

/** The mark of a store; null where it has none. */
export function* readMark(): SqlProgram<StoreMark | null> {
  const document = yield* readDocument({ kind: MARK_KIND, id: MARK_ID })
  if (document === null) return null
  const { version, body } = document
  assert(isMark(body), 'the mark of the store cannot be read: another release wrote it')
  return { version, body }
}

function isMark(body: JsonValue): body is StoreMark['body'] {
  return typeof body === 'object' && body !== null && 'state' in body && STATES.some((state) => state === body['state'])
}

/** Closes a store again that is not to be served, and throws. */
export async function refuseMarked(driver: SqlDriver): Promise<void> {
  try {
    const mark = await driver.read(readMark)
    if (mark !== null) throw markedError(mark)
  } catch (error) {
    await driver.close()
    throw error
  }
}

/** What whoever wants to serve a marked store is told. */
export function markedError({ body }: StoreMark): StorageError<'StoreNotUsable'> {
  const { state, from, to } = body
  const named = (value: JsonValue | undefined): string => (typeof value === 'string' ? ` ${value}` : ' another store')
  const reasons: Readonly<Record<StoreState, string>> = {
    copying: `it is a copy of${named(from)} that is not finished`,
    moving: `it is being moved to${named(to)}`,
    moved: `it has been moved to${named(to)}, which has its blobs now`,
    backup: 'it is a backup, to be restored and not to be served',
  }
  return new StorageError('StoreNotUsable', { reason: reasons[state] })
}
