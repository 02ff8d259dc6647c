import type { StsResult } from '../sts/sts-request.ts'
import { StsError } from '../sts/sts-request.ts'
import type { ParentKey, TemporaryCredentials } from '../sts/temporary-credentials.ts'
import type { R2TemporaryRequest } from './r2-temporary-request.ts'

/** A request for a temporary credential, and the key that it names. */
export interface IssueR2Temporary {
  readonly request: R2TemporaryRequest
  /** The key of `request.parentAccessKeyId`: whoever asks may give away what it may do. */
  readonly parent: ParentKey
}

/**
 * Makes a temporary credential as R2's API does. It is one of ours, unlike those that are signed elsewhere: its secret cannot be computed
 * from its token. Fails with a `StsError`.
 */
export async function issueR2Temporary(credentials: TemporaryCredentials, { request, parent }: IssueR2Temporary): Promise<StsResult> {
  const { parentAccessKeyId, scope, ttlSeconds } = request
  if (parent.accessKeyId !== parentAccessKeyId) throw new StsError('AccessDenied', 'The key is another one than the request names.')
  return await credentials.issueFromKey({ parent, scope, durationSeconds: ttlSeconds })
}
