import type { ConditionTest } from './condition.ts'
import type { Pattern } from './wildcard.ts'

/** Who a statement speaks of. */
export type PolicyPrincipal =
  | 'everybody'
  /** The account itself, and roles of it that bypass row-level security: `arn:aws:iam::ID:root`, or the bare id. */
  | { readonly account: string }
  /** Callers that act in a role of an account: `arn:aws:iam::ID:role/NAME`. */
  | { readonly account: string; readonly role: string }
  /** A user of an account, by the `sub` of the credential: `arn:aws:iam::ID:user/SUB`. */
  | { readonly account: string; readonly user: string }

/** What a statement speaks of: the bucket itself, or those of its objects whose key is so. */
export type PolicyResource = 'bucket' | { readonly key: Pattern }

/** One statement of a bucket policy, read and checked. All that it names must match. */
export interface PolicyStatement {
  readonly sid: string | null
  readonly effect: 'Allow' | 'Deny'
  readonly principals: readonly PolicyPrincipal[]
  /** Of all S3 actions, by AWS's names: `NotAction` has been turned round. */
  readonly actions: ReadonlySet<string>
  readonly resources: readonly PolicyResource[]
  /** `NotResource`: whatever is none of `resources`. */
  readonly otherResources: boolean
  readonly conditions: readonly ConditionTest[]
}

/** A bucket policy as it is decided by. Its text is kept beside it, for whoever asks for it. */
export interface BucketPolicy {
  readonly statements: readonly PolicyStatement[]
}
