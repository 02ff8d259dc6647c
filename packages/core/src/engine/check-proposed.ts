import { NULL_VERSION } from '../model/object.ts'
import { mayPass } from '../policy/fold-row.ts'
import { ALWAYS } from '../policy/predicate.ts'
import { objectPolicyRow } from '../policy/predicate-row.ts'
import { accessDenied, ownerOf } from './authorise.ts'
import type { SessionContext } from './context.ts'
import type { ObjectAttributes } from './inputs.ts'
import type { BucketQuestion, Grounds } from './with-requirement.ts'

/** A write before its bytes. */
export interface ProposedWrite {
  readonly grounds: Grounds
  readonly attributes: ObjectAttributes
  /** How many bytes the client says that it will send. */
  readonly declaredSize?: number
}

/**
 * Throws `AccessDenied` for a write that the policy rules out by what is known of it before its bytes, so that nobody
 * sends them in vain. It decides nothing else: the commit asks again, over the same row and with the answers of its time.
 */
export function checkProposed(
  session: SessionContext,
  question: BucketQuestion,
  { grounds, attributes, declaredSize }: ProposedWrite,
): void {
  const { bucket, require } = grounds
  if (require.proposed === ALWAYS) return
  const { engine, caller } = session
  const row = objectPolicyRow(bucket, {
    key: question.key ?? '',
    ownerId: ownerOf(caller),
    versionId: bucket.versioning === 'enabled' ? engine.ids.uuid() : NULL_VERSION,
    createdAt: engine.clock(),
    size: null,
    declaredSize: declaredSize ?? null,
    etag: null,
    headers: attributes.headers ?? {},
    userMetadata: attributes.userMetadata ?? {},
  })
  if (!mayPass(require.proposed, row)) throw accessDenied(question)
}
