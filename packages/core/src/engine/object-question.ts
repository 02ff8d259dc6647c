import type { Action, OperationName } from '../policy/operation.ts'
import { checkKey, checkText } from './check-key.ts'
import type { SessionContext } from './context.ts'
import type { ObjectInput } from './inputs.ts'
import type { BucketQuestion } from './with-requirement.ts'

/** What a question about one key is made of. */
export interface ObjectQuestionParts {
  readonly operation: OperationName
  readonly action: Action
  /** Default 'target'. */
  readonly side?: 'source' | 'target'
  /** Of a write; default null. */
  readonly overwrite?: 'never' | 'allowed'
}

/** The question about the key, and version, that an input names. Throws for a key or version id that cannot be one. */
export function objectQuestion(
  session: SessionContext,
  parts: ObjectQuestionParts,
  input: Pick<ObjectInput, 'bucket' | 'key' | 'versionId'>,
): BucketQuestion {
  checkKey(input.key, session.engine.limits)
  if (input.versionId !== undefined) checkText('versionId', input.versionId)
  return {
    operation: parts.operation,
    action: parts.action,
    side: parts.side ?? 'target',
    overwrite: parts.overwrite ?? null,
    address: input.bucket,
    key: input.key,
    versionId: input.versionId ?? null,
  }
}

/** What a listing asks for, as policies see it. */
export interface ListingInput {
  readonly prefix?: string
  readonly delimiter?: string
  readonly limit?: number
}

/** The question about listing what is in a bucket. */
export function listQuestion(
  parts: Pick<ObjectQuestionParts, 'operation' | 'action'>,
  input: ListingInput & Pick<ObjectInput, 'bucket'>,
): BucketQuestion {
  const { prefix = '', delimiter = null, limit = null } = input
  return { ...bucketQuestion(parts, input.bucket), listing: { prefix, delimiter, limit } }
}

/** The question about a bucket itself. */
export function bucketQuestion(parts: Pick<ObjectQuestionParts, 'operation' | 'action'>, address: ObjectInput['bucket']): BucketQuestion {
  return { operation: parts.operation, action: parts.action, side: 'target', overwrite: null, address, key: null, versionId: null }
}
