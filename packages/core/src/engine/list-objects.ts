import type { ListObjectsPage } from '../metadata/queries.ts'
import { checkKeyText } from './check-key.ts'
import type { EngineContext, SessionContext } from './context.ts'
import type { ListedObjects, ListObjectsInput } from './inputs.ts'
import { listScope, readPage } from './list-grounds.ts'
import type { ListScope } from './list-grounds.ts'
import { type ListStart, openStart, sealedStart } from './list-start.ts'
import { formatListToken, laterOf, namesCommonPrefix, parseListToken } from './list-token.ts'
import type { ListingPlace } from './listing-positions.ts'
import { parseLimit } from './parse-limit.ts'

const EMPTY: ListedObjects = { objects: [], commonPrefixes: [], truncated: false, nextToken: null, nextMarker: null }

/** A page of the current objects of a bucket that the caller may see, in the order of their keys' bytes. */
export async function listObjects(session: SessionContext, input: ListObjectsInput): Promise<ListedObjects> {
  const { engine } = session
  const { rowsScannedMax, listLimitMax } = engine.limits
  const scope = listScope(session, input)
  const start = startOf(session, input, scope)
  const limit = parseLimit(input.limit, listLimitMax)
  return readPage<ListedObjects>(session, input, {
    operation: 'ListObjects',
    page: async (bucketId, visible) => {
      const place: ListingPlace = { kind: 'objects', bucketId, ...scope }
      const position = await openStart(engine, place, start)
      if (position === undefined) return null
      if (limit === 0) return EMPTY
      return present(
        engine,
        place,
        await engine.metadata.listObjects({ ...scope, bucketId, position, limit, visible, rowsScannedMax, mayLag: true }),
      )
    },
    empty: EMPTY,
    isEmpty: ({ objects, commonPrefixes, truncated }) => objects.length === 0 && commonPrefixes.length === 0 && !truncated,
  })
}

function startOf(session: SessionContext, input: ListObjectsInput, { prefix, delimiter }: ListScope): ListStart {
  const { continuationToken, startAfter = '' } = input
  const sealed = sealedStart(continuationToken ?? startAfter)
  if (sealed !== null) return sealed
  if (continuationToken !== undefined) {
    const { after, skipPrefix } = parseListToken('objects', continuationToken)
    return { after, skipPrefix, tie: null }
  }
  if (startAfter === '') return null
  checkKeyText('startAfter', startAfter, session.engine.limits)
  return { after: startAfter, skipPrefix: namesCommonPrefix(startAfter, prefix, delimiter), tie: null }
}

async function present(
  { positions }: EngineContext,
  place: ListingPlace,
  { objects, commonPrefixes, next }: ListObjectsPage,
): Promise<ListedObjects> {
  if (next === null) return { ...EMPTY, objects, commonPrefixes }
  const { after, skipPrefix, shown } = next
  const nextToken = shown
    ? formatListToken('objects', { after, skipPrefix, sequence: null })
    : await positions.seal(place, { after, skipPrefix, tie: null })
  // A page that was cut short by `rowsScannedMax` may show nothing: then only the position itself leads on.
  const nextMarker = laterOf(objects.at(-1)?.key, commonPrefixes.at(-1)) ?? nextToken
  return { objects, commonPrefixes, truncated: true, nextToken, nextMarker }
}
