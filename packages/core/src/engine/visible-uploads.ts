import type { BucketInfo } from '../model/bucket.ts'
import { actingAccount } from '../policy/caller-context.ts'
import { ALWAYS } from '../policy/predicate.ts'
import type { Predicate, RowColumn } from '../policy/predicate.ts'
import { isSystemPrincipal } from '../policy/system-principal.ts'
import { ownerAccountOf, ownerOf } from './authorise.ts'
import type { SessionContext } from './context.ts'

/**
 * Which unfinished uploads of a bucket are there for this caller, over their rows: its own; all of them for the account
 * that the bucket belongs to, and for the operator. Uploads that anonymous callers began belong to nobody, and are there
 * for every anonymous caller that knows their id.
 */
export function visibleUploads({ caller, engine }: SessionContext, bucket: BucketInfo): Predicate {
  if (isSystemPrincipal(caller.principal) || actingAccount(caller, engine.policy) === bucket.account) return ALWAYS
  // Users of two accounts may have the same id, and be called as an account is.
  return { k: 'and', a: [isText('owner_id', ownerOf(caller)), isText('account', ownerAccountOf(caller))] }
}

function isText(name: RowColumn, text: string | null): Predicate {
  const column: Predicate = { k: 'col', n: name }
  if (text === null) return { k: 'isnull', neg: false, a: column }
  return { k: 'cmp', op: '=', a: column, b: { k: 'lit', t: 'text', v: text } }
}
