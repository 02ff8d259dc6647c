import type { Operation } from '../operation.ts'
import { defineOperation } from '../operation.ts'
import { readBypassGovernance } from './fields/bypass-governance.ts'
import { readConditions } from './fields/conditions.ts'

/** API_DeleteObject: 204 also where nothing was there. */
export const deleteObject: Operation = defineOperation({
  name: 'DeleteObject',
  engineName: 'DeleteObject',
  match: { method: 'DELETE', on: 'object', reads: ['versionId'] },
  payload: 'none',
  lacks: ['conditions on size and time', 'MFA'],
  decode(request, context) {
    const conditions = readConditions(request.headers, context.now)
    const versionId = request.query.text('versionId')
    return {
      bucket: request.bucket,
      key: request.key,
      signal: request.signal,
      ...readBypassGovernance(request.headers),
      ...(versionId === undefined ? {} : { versionId }),
      ...(conditions === undefined ? {} : { conditions }),
    }
  },
  run: (session, input) => session.deleteObject(input),
  encode: (deleted) => ({
    status: 204,
    headers: [
      ...(deleted.deleteMarker ? [['x-amz-delete-marker', 'true'] as const] : []),
      ...(deleted.versionId === null ? [] : [['x-amz-version-id', deleted.versionId] as const]),
    ],
    body: null,
  }),
})
