import type { BucketInfo } from '../model/bucket.ts'
import { actingAccount } from '../policy/caller-context.ts'
import type { Caller } from '../policy/caller.ts'
import { ALWAYS } from '../policy/predicate.ts'
import type { Predicate } from '../policy/predicate.ts'
import { isSystemPrincipal } from '../policy/system-principal.ts'
import { ownerOf } from './authorise.ts'

/**
 * Which unfinished uploads of a bucket are there for this caller, over their rows: its own; all of them for the account
 * that the bucket belongs to, and for the operator. Uploads that anonymous callers began belong to nobody, and are there
 * for every anonymous caller that knows their id.
 */
export function visibleUploads(caller: Caller, bucket: BucketInfo): Predicate {
  if (isSystemPrincipal(caller.principal) || actingAccount(caller) === bucket.account) return ALWAYS
  const owner = ownerOf(caller)
  const column: Predicate = { k: 'col', n: 'owner_id' }
  if (owner === null) return { k: 'isnull', neg: false, a: column }
  return { k: 'cmp', op: '=', a: column, b: { k: 'lit', t: 'text', v: owner } }
}
