import type { Action } from './operation.ts'
import type { Predicate } from './predicate.ts'

/** Whom a rule speaks of. */
export type Who =
  | 'anyone'
  /** Callers that showed no credential. */
  | { readonly anonymous: true }
  /** An account itself, and roles of it that bypass row-level security; never its ordinary users. */
  | { readonly account: string }
  | { readonly role: string }
  | { readonly sub: string }
  /** The account that the bucket belongs to, as in `account`. */
  | { readonly owner: true }

/** One line of who may, or may not, do what. All that is named must match. */
export interface Rule {
  readonly effect: 'allow' | 'deny'
  readonly who: Who
  readonly actions: readonly Action[] | 'all'
  /** The exact name of a bucket, in every jurisdiction. Absent: all buckets. */
  readonly bucket?: string
  /** Keys that begin with this. A rule with it says nothing of buckets themselves. */
  readonly keyPrefix?: string
  /** A condition over the row; may name the caller by `ctx`. An allow counts where it is true, a deny where it is true. */
  readonly when?: Predicate
  /** For whoever reads the list. */
  readonly description?: string
}
