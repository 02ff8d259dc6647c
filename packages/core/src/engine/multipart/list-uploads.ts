import type { ListUploadsPage, ListUploadsQuery } from '../../metadata/queries.ts'
import { accessDenied, isNever } from '../authorise.ts'
import { checkKeyText, checkText } from '../check-key.ts'
import { keysInScope } from '../check-scope.ts'
import type { SessionContext } from '../context.ts'
import type { ListedUploads, ListUploadsInput } from '../inputs.ts'
import { bothOf, listScope } from '../list-grounds.ts'
import type { ListScope } from '../list-grounds.ts'
import { namesCommonPrefix } from '../list-token.ts'
import { listQuestion } from '../object-question.ts'
import { parseLimit } from '../parse-limit.ts'
import { visibleUploads } from '../visible-uploads.ts'
import { readUnderRequirement } from '../with-requirement.ts'
import type { Grounds } from '../with-requirement.ts'

const EMPTY: ListUploadsPage = { uploads: [], commonPrefixes: [], next: null }

/**
 * A page of the unfinished uploads in parts of a bucket that are there for the caller: by key, then by the time they were
 * begun. Whose they are decides, not the policy's answer over objects: an upload is none yet.
 */
export async function listUploads(session: SessionContext, input: ListUploadsInput): Promise<ListedUploads> {
  const { metadata, limits } = session.engine
  const question = listQuestion({ operation: 'ListMultipartUploads', action: 'object.list' }, input)
  const scope = listScope(session, input)
  const position = startOf(session, input, scope)
  const limit = parseLimit(input.limit, limits.listLimitMax)
  input.signal?.throwIfAborted()
  const page = await readUnderRequirement<ListUploadsPage>(session, question, {
    read: async ({ bucket, require }: Grounds) => {
      if (isNever(require.existing) && require.deniedExisting === 'forbidden') throw accessDenied(question)
      const visible = bothOf(visibleUploads(session.caller, bucket), keysInScope(session.caller.scope))
      if (limit === 0 || isNever(visible)) return EMPTY
      const { rowsScannedMax } = limits
      return metadata.listUploads({ ...scope, bucketId: bucket.id, kind: 'parts', position, limit, visible, rowsScannedMax })
    },
    isNothing: ({ uploads, commonPrefixes, next }) => uploads.length === 0 && commonPrefixes.length === 0 && next === null,
  })
  const { uploads, commonPrefixes, next } = page
  return {
    uploads,
    commonPrefixes,
    truncated: next !== null,
    nextKeyMarker: next?.after ?? null,
    nextUploadIdMarker: next?.uploadId ?? null,
  }
}

/** As AWS, "ListMultipartUploads": the marker of an upload counts only beside that of its key. */
function startOf(session: SessionContext, input: ListUploadsInput, { prefix, delimiter }: ListScope): ListUploadsQuery['position'] {
  const { keyMarker = '', uploadIdMarker = '' } = input
  if (keyMarker === '') return null
  checkKeyText('keyMarker', keyMarker, session.engine.limits)
  checkText('uploadIdMarker', uploadIdMarker)
  if (uploadIdMarker !== '') return { after: keyMarker, skipPrefix: false, uploadId: uploadIdMarker }
  return { after: keyMarker, skipPrefix: namesCommonPrefix(keyMarker, prefix, delimiter), uploadId: null }
}
