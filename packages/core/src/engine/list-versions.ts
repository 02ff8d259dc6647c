import { StorageError } from '../errors/storage-error.ts'
import type { ListVersionsPage } from '../metadata/queries.ts'
import type { Predicate } from '../policy/predicate.ts'
import { checkKeyText } from './check-key.ts'
import type { EngineContext, SessionContext } from './context.ts'
import type { ListedVersions, ListVersionsInput } from './inputs.ts'
import { listScope, readPage } from './list-grounds.ts'
import type { ListScope } from './list-grounds.ts'
import { openStart, sealedStart, type SealedStart } from './list-start.ts'
import { formatListToken, namesCommonPrefix, readToken } from './list-token.ts'
import type { ListingPlace, ListingPosition } from './listing-positions.ts'
import { parseLimit } from './parse-limit.ts'
import type { Grounds } from './with-requirement.ts'

const EMPTY: ListedVersions = { versions: [], commonPrefixes: [], truncated: false, nextKeyMarker: null, nextVersionIdMarker: null }

/** A page of all versions and delete markers that the caller may see: by key, within a key the newest first. */
export async function listVersions(session: SessionContext, input: ListVersionsInput): Promise<ListedVersions> {
  const { engine } = session
  const { rowsScannedMax, listLimitMax } = engine.limits
  const scope = listScope(session, input)
  const sealed = sealedOf(session, input)
  const limit = parseLimit(input.limit, listLimitMax)
  return readPage<ListedVersions>(session, input, {
    operation: 'ListObjectVersions',
    page: async (bucketId, visible, grounds) => {
      const place: ListingPlace = { kind: 'versions', bucketId, ...scope }
      const start = await openStart(
        engine,
        place,
        sealed ?? (limit === 0 ? null : await startOf(session, input, { scope, grounds, visible })),
      )
      if (start === undefined) return null
      if (limit === 0) return EMPTY
      const position = start === null ? null : { after: start.after, skipPrefix: start.skipPrefix, sequence: sequenceOf(start) }
      return present(
        engine,
        place,
        await engine.metadata.listVersions({ ...scope, bucketId, position, limit, visible, rowsScannedMax, mayLag: true }),
      )
    },
    empty: EMPTY,
    isEmpty: ({ versions, commonPrefixes, truncated }) => versions.length === 0 && commonPrefixes.length === 0 && !truncated,
  })
}

/** A sealed key marker says all: no page gave a version beside it. */
function sealedOf(session: SessionContext, { keyMarker, versionIdMarker = '' }: ListVersionsInput): SealedStart | null {
  const sealed = sealedStart(keyMarker)
  if (sealed === null && keyMarker !== undefined) checkKeyText('keyMarker', keyMarker, session.engine.limits)
  if (sealed !== null && versionIdMarker !== '') throw noVersion()
  return sealed
}

function sequenceOf({ tie }: ListingPosition): number | null {
  return typeof tie === 'number' ? tie : null
}

async function startOf(
  session: SessionContext,
  input: ListVersionsInput,
  { scope, grounds, visible }: { readonly scope: ListScope; readonly grounds: Grounds; readonly visible: Predicate },
): Promise<ListingPosition | null> {
  const { keyMarker = '', versionIdMarker = '' } = input
  if (keyMarker === '') {
    if (versionIdMarker === '') return null
    throw new StorageError('InvalidArgument', { argument: 'versionIdMarker', reason: 'needs a key marker' })
  }
  const skipPrefix = namesCommonPrefix(keyMarker, scope.prefix, scope.delimiter)
  if (versionIdMarker === '') return { after: keyMarker, skipPrefix, tie: null }
  const token = readToken('versions', versionIdMarker)
  if (token !== null && token.after === keyMarker) return { after: keyMarker, skipPrefix: false, tie: token.sequence }
  // Clients may also give the id of any version they have seen. It is there, or nobody knows its place any more.
  const require = { ...grounds.require, existing: visible }
  const query = { bucketId: grounds.bucket.id, key: keyMarker, versionId: versionIdMarker, require }
  checkKeyText('versionIdMarker', versionIdMarker, session.engine.limits)
  const found = await session.engine.metadata.findObject(query)
  if (found.outcome === 'found') return { after: keyMarker, skipPrefix: false, tie: found.object.sequence }
  throw noVersion()
}

function noVersion(): StorageError<'InvalidArgument'> {
  return new StorageError('InvalidArgument', { argument: 'versionIdMarker', reason: 'is no version of the key marker' })
}

async function present(
  { positions }: EngineContext,
  place: ListingPlace,
  { versions, commonPrefixes, next }: ListVersionsPage,
): Promise<ListedVersions> {
  if (next === null) return { ...EMPTY, versions, commonPrefixes }
  const { after, skipPrefix, sequence, shown } = next
  const page = { versions, commonPrefixes, truncated: true }
  if (!shown)
    return { ...page, nextKeyMarker: await positions.seal(place, { after, skipPrefix, tie: sequence }), nextVersionIdMarker: null }
  // A token rather than the id: the version may be gone before the next page is asked for.
  const nextVersionIdMarker = sequence === null ? null : formatListToken('versions', { after, skipPrefix, sequence })
  return { ...page, nextKeyMarker: after, nextVersionIdMarker }
}
