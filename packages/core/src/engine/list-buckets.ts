import type { BucketInfo } from '../model/bucket.ts'
import { actingAccount } from '../policy/caller-context.ts'
import { authorise, accessDenied, isNever } from './authorise.ts'
import type { Question } from './authorise.ts'
import { checkKeyText } from './check-key.ts'
import { bucketsInScope, isBucketInScope } from './check-scope.ts'
import type { SessionContext } from './context.ts'
import type { ListBucketsInput } from './inputs.ts'
import { bothOf } from './list-grounds.ts'
import { formatListToken, parseListToken } from './list-token.ts'
import { parseLimit } from './parse-limit.ts'

const LIMIT_MAX = 10_000
const QUESTION: Question = {
  operation: 'ListBuckets',
  action: 'bucket.list',
  side: 'target',
  overwrite: null,
  address: null,
  key: null,
  versionId: null,
}

/** A page of buckets by name: an account's own for the account itself, for everybody else those that the policy shows. */
export async function listBuckets(
  session: SessionContext,
  input: ListBucketsInput,
): Promise<{ readonly buckets: readonly BucketInfo[]; readonly nextToken: string | null }> {
  const { engine, caller } = session
  const prefix = input.prefix ?? ''
  checkKeyText('prefix', prefix, engine.limits)
  const after = input.continuationToken === undefined ? null : parseListToken('buckets', input.continuationToken).after
  const limit = parseLimit(input.limit, LIMIT_MAX)
  input.signal?.throwIfAborted()
  const { existing, deniedExisting } = await authorise(session, QUESTION, null)
  const visible = bothOf(existing, bucketsInScope(caller.scope))
  if (isNever(existing) && deniedExisting === 'forbidden') throw accessDenied(QUESTION)
  if (limit === 0 || isNever(visible)) return { buckets: [], nextToken: null }
  const account = actingAccount(caller, engine.policy)
  const { buckets, next } = await engine.metadata.listBuckets({
    jurisdiction: input.jurisdiction ?? null,
    account,
    visible,
    prefix,
    after,
    limit,
  })
  const { scope } = caller
  return {
    // Rows do not tell the predicate their jurisdiction: a page may come out shorter here.
    buckets: scope?.buckets === undefined ? buckets : buckets.filter((bucket) => isBucketInScope(scope, bucket)),
    nextToken: next === null ? null : formatListToken('buckets', { after: next, skipPrefix: false, sequence: null }),
  }
}
