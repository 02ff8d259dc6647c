import { StorageError } from '../errors/storage-error.ts'
import { foldBucket } from '../policy/fold-row.ts'
import type { Predicate } from '../policy/predicate.ts'
import { ALWAYS, NEVER } from '../policy/predicate.ts'
import { accessDenied, isNever } from './authorise.ts'
import { checkKeyText } from './check-key.ts'
import { keysInScope } from './check-scope.ts'
import type { SessionContext } from './context.ts'
import type { BucketInput } from './inputs.ts'
import { listQuestion } from './object-question.ts'
import type { ListingInput } from './object-question.ts'
import { readUnderRequirement } from './with-requirement.ts'
import type { BucketQuestion, Grounds } from './with-requirement.ts'
import type { OperationName } from '../policy/operation.ts'

/** What every listing inside a bucket takes, checked. */
export interface ListScope {
  readonly prefix: string
  /** Null or non-empty. */
  readonly delimiter: string | null
}

/** Reads prefix and delimiter of a listing. Throws `InvalidArgument` or `KeyTooLong`. */
export function listScope(session: SessionContext, input: { readonly prefix?: string; readonly delimiter?: string }): ListScope {
  const { prefix = '', delimiter = '' } = input
  checkKeyText('prefix', prefix, session.engine.limits)
  checkKeyText('delimiter', delimiter, session.engine.limits)
  return { prefix, delimiter: delimiter === '' ? null : delimiter }
}

/** A page of a listing inside a bucket. */
export interface ListRead<P> {
  readonly operation: OperationName
  /** `visible` is what the policy and the credential's scope let through. Null where the page begins at a place that no page of this listing gave. */
  readonly page: (bucketId: string, visible: Predicate, grounds: Grounds) => Promise<P | null>
  /** The page that shows nothing. */
  readonly empty: P
  readonly isEmpty: (page: P) => boolean
}

/**
 * Reads a page under the policy's answer. A listing is filtered, never refused; but where no row at all may be seen and
 * the policy does not hide that, `AccessDenied` says so.
 */
export async function readPage<P>(session: SessionContext, input: BucketInput & ListingInput, read: ListRead<P>): Promise<P> {
  const question = listQuestion({ operation: read.operation, action: 'object.list' }, input)
  input.signal?.throwIfAborted()
  const scope = keysInScope(session.caller.scope)
  const page = await readUnderRequirement<P | null>(session, question, {
    read: async (grounds) => {
      const visible = bothOf(visibleRows(grounds, question), scope)
      return isNever(visible) ? read.empty : read.page(grounds.bucket.id, visible, grounds)
    },
    // It may have been given by the bucket that has taken the place of the one that was remembered.
    isNothing: (page) => page === null || read.isEmpty(page),
  })
  return page ?? refuseStart()
}

/** Throws the `InvalidArgument` of a start that no page of this listing gave. */
export function refuseStart(): never {
  throw new StorageError('InvalidArgument', { argument: 'continuationToken', reason: 'is not one that a page of this listing gave' })
}

function visibleRows({ bucket, require }: Grounds, question: BucketQuestion): Predicate {
  if (isNever(require.existing) && require.deniedExisting === 'forbidden') throw accessDenied(question)
  return foldBucket(require.existing, bucket)
}

/** What both let through. */
export function bothOf(a: Predicate, b: Predicate): Predicate {
  if (a === ALWAYS) return b
  if (b === ALWAYS) return a
  return isNever(a) || isNever(b) ? NEVER : { k: 'and', a: [a, b] }
}
