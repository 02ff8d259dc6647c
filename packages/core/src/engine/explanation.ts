import type { RowCommand } from '../policy/combine-row-policies.ts'
import type { PredicateContext } from '../policy/fold-predicate.ts'
import type { Caller } from '../policy/caller.ts'
import type { Action, OperationName } from '../policy/operation.ts'
import type { Facts } from '../policy/policy.ts'
import type { PolicyRow } from '../policy/predicate-row.ts'
import type { Predicate } from '../policy/predicate.ts'
import type { PolicyTable, RowPolicy } from '../policy/row-policy.ts'
import type { Verdict } from '../metadata/queries.ts'
import type { BucketAddress } from '../model/bucket.ts'
import type { ObjectAttributes } from './inputs.ts'

/** A request that is not made, but asked about. */
export interface ExplainInput {
  /** Who would make it. */
  readonly caller: Caller
  readonly operation: OperationName
  readonly bucket: BucketAddress
  /** Of an operation on an object. */
  readonly key?: string
  readonly versionId?: string
  /** Of a copy: what it reads. */
  readonly source?: { readonly bucket: BucketAddress; readonly key: string; readonly versionId?: string }
  /** Of a write: whether it may replace what is there. Default 'allowed'. */
  readonly overwrite?: 'never' | 'allowed'
  /** Of a write: what would be written, as far as policies look at it. */
  readonly proposed?: Pick<ObjectAttributes, 'headers' | 'userMetadata'> & { readonly size?: number }
  /** Takes it that this object is at the key, whatever is. Default: what is there. */
  readonly existing?: SupposedObject
  /** Of a listing. */
  readonly listing?: { readonly prefix?: string; readonly delimiter?: string; readonly limit?: number }
  /** What a door would have found out. Default: nothing. */
  readonly facts?: Facts
  /** When. Default: now. */
  readonly at?: Date
}

/** An object that need not be there, as far as policies look at it. */
export interface SupposedObject extends Pick<ObjectAttributes, 'headers' | 'userMetadata'> {
  /** The `sub`, or the account, of who would have written it. Default: nobody. */
  readonly ownerId?: string | null
  /** In bytes. Default 0. */
  readonly size?: number
  /** Default: when the request is made. */
  readonly createdAt?: Date
}

/** Why a request would be allowed or refused. */
export interface Explanation {
  /** Whether all its questions are answered yes. A listing that is allowed shows what its condition lets through. */
  readonly allowed: boolean
  /** What policies know of the caller and the request: the values that `ctx` stands for. */
  readonly context: PredicateContext
  /** One; a copy asks one of its source and one of its target. */
  readonly questions: readonly ExplainedQuestion[]
}

/** One question to the policy, and how it was answered. */
export interface ExplainedQuestion {
  readonly action: Action
  readonly side: 'source' | 'target'
  readonly allowed: boolean
  /** Whether the ceiling of the credential lets it through; where not, nothing else was asked. */
  readonly withinScope: boolean
  /** What had a say, in the order in which it was heard. None where the policy does not tell. */
  readonly grounds: readonly ExplainedGround[]
  /** The rows that it was held against; null where there is none. */
  readonly rows: { readonly existing: PolicyRow | null; readonly proposed: PolicyRow | null; readonly final: PolicyRow | null }
  /** What had to be true of them, with the constants of the request filled in. */
  readonly conditions: readonly ExplainedCondition[]
  /** How a refusal looks to the caller: like something that is not there, or forbidden. */
  readonly refusalLooks: 'absent' | 'forbidden'
}

/** Something that had a say. */
export type ExplainedGround =
  | { readonly kind: 'owner'; readonly account: string }
  | { readonly kind: 'public-bucket' }
  | { readonly kind: 'statement'; readonly sid: string | null; readonly effect: 'Allow' | 'Deny'; readonly action: string }
  | {
      readonly kind: 'row-policies'
      readonly role: string
      readonly table: PolicyTable
      readonly command: RowCommand
      readonly policies: readonly ExplainedPolicy[]
    }

/** A row-level policy that applied, and what its clauses were over the rows. */
export interface ExplainedPolicy {
  readonly name: string
  readonly mode: RowPolicy['mode']
  /** As it was imported; null where it was not. */
  readonly source: string | null
  readonly clauses: readonly ExplainedClause[]
}

/** USING over the row that is there, CHECK over the row as it is proposed or as it would be written. */
export interface ExplainedClause {
  readonly clause: 'using' | 'check'
  readonly row: 'existing' | 'proposed' | 'final'
  /** Null for unknown, which is a refusal. */
  readonly verdict: Verdict
}

/** One predicate of the requirement. In a listing it is held against every row, and has no verdict. */
export interface ExplainedCondition {
  readonly row: 'existing' | 'proposed' | 'final'
  readonly predicate: Predicate
  readonly verdict: Verdict | 'each row'
}
