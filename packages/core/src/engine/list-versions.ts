import { StorageError } from '../errors/storage-error.ts'
import type { ListVersionsPage, ListVersionsQuery } from '../metadata/queries.ts'
import type { Predicate } from '../policy/predicate.ts'
import { checkKeyText } from './check-key.ts'
import type { SessionContext } from './context.ts'
import type { ListedVersions, ListVersionsInput } from './inputs.ts'
import { listScope, readPage } from './list-grounds.ts'
import type { ListScope } from './list-grounds.ts'
import { formatListToken, namesCommonPrefix, readToken } from './list-token.ts'
import { parseLimit } from './parse-limit.ts'
import type { Grounds } from './with-requirement.ts'

const EMPTY: ListVersionsPage = { versions: [], commonPrefixes: [], next: null }

/** A page of all versions and delete markers that the caller may see: by key, within a key the newest first. */
export async function listVersions(session: SessionContext, input: ListVersionsInput): Promise<ListedVersions> {
  const { metadata, limits } = session.engine
  const scope = listScope(session, input)
  const { prefix, delimiter } = scope
  if (input.keyMarker !== undefined) checkKeyText('keyMarker', input.keyMarker, limits)
  const limit = parseLimit(input.limit, limits.listLimitMax)
  const page = await readPage<ListVersionsPage>(session, input, {
    operation: 'ListObjectVersions',
    page: async (bucketId, visible, grounds) => {
      if (limit === 0) return EMPTY
      const position = await startOf(session, input, { scope, grounds, visible })
      return metadata.listVersions({ bucketId, prefix, delimiter, position, limit, visible, rowsScannedMax: limits.rowsScannedMax })
    },
    empty: EMPTY,
    isEmpty: ({ versions, commonPrefixes, next }) => versions.length === 0 && commonPrefixes.length === 0 && next === null,
  })
  return present(page)
}

async function startOf(
  session: SessionContext,
  input: ListVersionsInput,
  { scope, grounds, visible }: { readonly scope: ListScope; readonly grounds: Grounds; readonly visible: Predicate },
): Promise<ListVersionsQuery['position']> {
  const { keyMarker = '', versionIdMarker = '' } = input
  if (keyMarker === '') {
    if (versionIdMarker === '') return null
    throw new StorageError('InvalidArgument', { argument: 'versionIdMarker', reason: 'needs a key marker' })
  }
  const skipPrefix = namesCommonPrefix(keyMarker, scope.prefix, scope.delimiter)
  if (versionIdMarker === '') return { after: keyMarker, skipPrefix, sequence: null }
  const token = readToken('versions', versionIdMarker)
  if (token !== null && token.after === keyMarker) return { after: keyMarker, skipPrefix: false, sequence: token.sequence }
  // Clients may also give the id of any version they have seen. It is there, or nobody knows its place any more.
  const require = { ...grounds.require, existing: visible }
  const query = { bucketId: grounds.bucket.id, key: keyMarker, versionId: versionIdMarker, require }
  checkKeyText('versionIdMarker', versionIdMarker, session.engine.limits)
  const found = await session.engine.metadata.findObject(query)
  if (found.outcome === 'found') return { after: keyMarker, skipPrefix: false, sequence: found.object.sequence }
  throw new StorageError('InvalidArgument', { argument: 'versionIdMarker', reason: 'is no version of the key marker' })
}

function present({ versions, commonPrefixes, next }: ListVersionsPage): ListedVersions {
  if (next === null) return { versions, commonPrefixes, truncated: false, nextKeyMarker: null, nextVersionIdMarker: null }
  const { after, skipPrefix, sequence } = next
  // A token rather than the id: the version may be gone before the next page is asked for.
  const nextVersionIdMarker = sequence === null ? null : formatListToken('versions', { after, skipPrefix, sequence })
  return { versions, commonPrefixes, truncated: true, nextKeyMarker: after, nextVersionIdMarker }
}
