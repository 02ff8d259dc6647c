import { allOf, type CombinedPolicies, type RowCommand } from './combine-row-policies.ts'
import type { Access } from './policy.ts'
import { ALWAYS, NEVER, type Predicate } from './predicate.ts'
import type { PolicyTable } from './row-policy.ts'

/** What must be true of the rows of one operation: the predicates of a `Requirement`. */
export interface RowConditions {
  readonly existing: Predicate
  readonly proposed: Predicate
  readonly finalCreated: Predicate
  readonly finalReplaced: Predicate
}

/** The policies of one command on one table, joined. */
export type PoliciesOf = (table: PolicyTable, command: RowCommand) => CombinedPolicies

/**
 * What row-level security asks of an operation: what Postgres would ask of the statement that Supabase Storage makes of it. A put is an
 * `INSERT … ON CONFLICT DO UPDATE … RETURNING`, which needs to see what it writes; a create is a bare `INSERT`; a delete finds its row by
 * what it reads. The final row is held against the same once more, with its size measured.
 */
export function rowConditions({ action, overwrite }: Pick<Access, 'action' | 'overwrite'>, policies: PoliciesOf): RowConditions {
  const table: PolicyTable = action.startsWith('bucket.') ? 'buckets' : 'objects'
  const select = policies(table, 'select')
  switch (action) {
    case 'object.read':
    case 'object.list':
    case 'bucket.read':
    case 'bucket.list':
      return onlyExisting(select.using)
    case 'object.write':
      return overwrite === 'never' ? creation(policies(table, 'insert')) : upsert(policies, select)
    case 'object.delete':
      return { ...NOTHING, ...deletion(policies(table, 'delete'), select) }
    case 'bucket.create':
      return creation(policies(table, 'insert'))
    case 'bucket.update':
      // What is set is no column that policies read: the row as it would be is the row as it is.
      return onlyExisting(allOf([select.using, policies(table, 'update').using, policies(table, 'update').check]))
    case 'bucket.delete':
      return onlyExisting(allOf([select.using, policies(table, 'delete').using]))
    case 'bucket.explain':
    case 'bucket.policy.read':
    case 'bucket.policy.write':
      return NOTHING
    default:
      return action satisfies never
  }
}

const NOTHING: RowConditions = { existing: NEVER, proposed: NEVER, finalCreated: NEVER, finalReplaced: NEVER }

function onlyExisting(existing: Predicate): RowConditions {
  return { ...NOTHING, existing }
}

/** A key that is taken is no question of policy: the condition says so. */
function creation({ check }: CombinedPolicies): RowConditions {
  return { existing: ALWAYS, proposed: check, finalCreated: check, finalReplaced: NEVER }
}

function upsert(policies: PoliciesOf, select: CombinedPolicies): RowConditions {
  const insert = policies('objects', 'insert')
  const update = policies('objects', 'update')
  const inserted = allOf([insert.check, select.using])
  return {
    existing: allOf([select.using, update.using]),
    proposed: inserted,
    finalCreated: inserted,
    finalReplaced: allOf([inserted, update.check]),
  }
}

/** `proposed` is about the marker that is left in a versioned bucket: it hides what only a delete may hide. */
function deletion(del: CombinedPolicies, select: CombinedPolicies): Pick<RowConditions, 'existing' | 'proposed'> {
  const existing = allOf([select.using, del.using])
  return { existing, proposed: existing }
}
