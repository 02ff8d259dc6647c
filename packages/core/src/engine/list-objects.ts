import type { ListObjectsPage, ListPosition } from '../metadata/queries.ts'
import { checkKeyText } from './check-key.ts'
import type { SessionContext } from './context.ts'
import type { ListedObjects, ListObjectsInput } from './inputs.ts'
import { listScope, readPage } from './list-grounds.ts'
import type { ListScope } from './list-grounds.ts'
import { formatListToken, laterOf, namesCommonPrefix, parseListToken } from './list-token.ts'
import { parseLimit } from './parse-limit.ts'

const EMPTY: ListObjectsPage = { objects: [], commonPrefixes: [], next: null }

/** A page of the current objects of a bucket that the caller may see, in the order of their keys' bytes. */
export async function listObjects(session: SessionContext, input: ListObjectsInput): Promise<ListedObjects> {
  const { metadata, limits } = session.engine
  const { prefix, delimiter } = listScope(session, input)
  const position = startOf(session, input, { prefix, delimiter })
  const limit = parseLimit(input.limit, limits.listLimitMax)
  const page = await readPage<ListObjectsPage>(session, input, {
    operation: 'ListObjects',
    page: async (bucketId, visible) =>
      limit === 0
        ? EMPTY
        : metadata.listObjects({ bucketId, prefix, delimiter, position, limit, visible, rowsScannedMax: limits.rowsScannedMax }),
    empty: EMPTY,
    isEmpty: ({ objects, commonPrefixes, next }) => objects.length === 0 && commonPrefixes.length === 0 && next === null,
  })
  return present(page)
}

function startOf(session: SessionContext, input: ListObjectsInput, { prefix, delimiter }: ListScope): ListPosition | null {
  const { continuationToken, startAfter = '' } = input
  if (continuationToken !== undefined) {
    const { after, skipPrefix } = parseListToken('objects', continuationToken)
    return { after, skipPrefix }
  }
  if (startAfter === '') return null
  checkKeyText('startAfter', startAfter, session.engine.limits)
  return { after: startAfter, skipPrefix: namesCommonPrefix(startAfter, prefix, delimiter) }
}

function present({ objects, commonPrefixes, next }: ListObjectsPage): ListedObjects {
  if (next === null) return { objects, commonPrefixes, truncated: false, nextToken: null, nextMarker: null }
  return {
    objects,
    commonPrefixes,
    truncated: true,
    nextToken: formatListToken('objects', { after: next.after, skipPrefix: next.skipPrefix, sequence: null }),
    // A page that was cut short by `rowsScannedMax` may show nothing: then only the position itself leads on.
    nextMarker: laterOf(objects.at(-1)?.key, commonPrefixes.at(-1)) ?? next.after,
  }
}
