import type { RowCommand } from './combine-row-policies.ts'
import type { PolicyTable, RowPolicy } from './row-policy.ts'

/** Something that had a say in a decision. */
export type DecisionGround =
  /** The bucket is the account's own. */
  | { readonly kind: 'owner'; readonly account: string }
  /** The bucket is public, and this is a read of an object. */
  | { readonly kind: 'public-bucket' }
  /** A statement of the bucket's policy speaks of this caller, this action and this resource, and its conditions hold. */
  | { readonly kind: 'statement'; readonly sid: string | null; readonly effect: 'Allow' | 'Deny'; readonly action: string }
  /** Row-level security decides, by these policies of one command. */
  | {
      readonly kind: 'row-policies'
      readonly role: string
      readonly table: PolicyTable
      readonly command: RowCommand
      readonly policies: readonly RowPolicy[]
    }

/** Hears of each ground while a decision is made. */
export type DecisionTrace = (ground: DecisionGround) => void
