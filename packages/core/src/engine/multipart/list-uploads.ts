import type { ListUploadsPage } from '../../metadata/queries.ts'
import { accessDenied, isNever } from '../authorise.ts'
import { checkKeyText, checkText } from '../check-key.ts'
import { keysInScope } from '../check-scope.ts'
import type { EngineContext, SessionContext } from '../context.ts'
import type { ListedUploads, ListUploadsInput } from '../inputs.ts'
import { bothOf, listScope, refuseStart } from '../list-grounds.ts'
import type { ListScope } from '../list-grounds.ts'
import { type ListStart, openStart, sealedStart } from '../list-start.ts'
import { namesCommonPrefix } from '../list-token.ts'
import type { ListingPlace } from '../listing-positions.ts'
import { listQuestion } from '../object-question.ts'
import { parseLimit } from '../parse-limit.ts'
import { visibleUploads } from '../visible-uploads.ts'
import { readUnderRequirement } from '../with-requirement.ts'
import type { Grounds } from '../with-requirement.ts'

const EMPTY: ListedUploads = { uploads: [], commonPrefixes: [], truncated: false, nextKeyMarker: null, nextUploadIdMarker: null }

/**
 * A page of the unfinished uploads in parts of a bucket that are there for the caller: by key, then by the time they were
 * begun. Whose they are decides, not the policy's answer over objects: an upload is none yet.
 */
export async function listUploads(session: SessionContext, input: ListUploadsInput): Promise<ListedUploads> {
  const { engine, caller } = session
  const question = listQuestion({ operation: 'ListMultipartUploads', action: 'object.list' }, input)
  const scope = listScope(session, input)
  const start = startOf(session, input, scope)
  const limit = parseLimit(input.limit, engine.limits.listLimitMax)
  input.signal?.throwIfAborted()
  const page = await readUnderRequirement<ListedUploads | null>(session, question, {
    read: async ({ bucket, require }: Grounds) => {
      if (isNever(require.existing) && require.deniedExisting === 'forbidden') throw accessDenied(question)
      const place: ListingPlace = { kind: 'uploads', bucketId: bucket.id, ...scope }
      const from = await openStart(engine, place, start)
      if (from === undefined) return null
      const visible = bothOf(visibleUploads(session, bucket), keysInScope(caller.scope))
      if (limit === 0 || isNever(visible)) return EMPTY
      const position = from === null ? null : { ...from, uploadId: typeof from.tie === 'string' ? from.tie : null }
      const { rowsScannedMax } = engine.limits
      const query = { ...scope, bucketId: bucket.id, kind: 'parts', position, limit, visible, rowsScannedMax } as const
      return present(engine, place, await engine.metadata.listUploads(query))
    },
    isNothing: (page) => page === null || (page.uploads.length === 0 && page.commonPrefixes.length === 0 && !page.truncated),
  })
  return page ?? refuseStart()
}

async function present(
  { positions }: EngineContext,
  place: ListingPlace,
  { uploads, commonPrefixes, next }: ListUploadsPage,
): Promise<ListedUploads> {
  if (next === null) return { ...EMPTY, uploads, commonPrefixes }
  const { after, skipPrefix, uploadId, shown } = next
  const page = { uploads, commonPrefixes, truncated: true }
  if (shown) return { ...page, nextKeyMarker: after, nextUploadIdMarker: uploadId }
  return { ...page, nextKeyMarker: await positions.seal(place, { after, skipPrefix, tie: uploadId }), nextUploadIdMarker: null }
}

/** As AWS, "ListMultipartUploads": the marker of an upload counts only beside that of its key. */
function startOf(session: SessionContext, input: ListUploadsInput, { prefix, delimiter }: ListScope): ListStart {
  const { keyMarker = '', uploadIdMarker = '' } = input
  if (keyMarker === '') return null
  const sealed = sealedStart(keyMarker)
  if (sealed !== null) return sealed
  checkKeyText('keyMarker', keyMarker, session.engine.limits)
  checkText('uploadIdMarker', uploadIdMarker)
  if (uploadIdMarker !== '') return { after: keyMarker, skipPrefix: false, tie: uploadIdMarker }
  return { after: keyMarker, skipPrefix: namesCommonPrefix(keyMarker, prefix, delimiter), tie: null }
}
