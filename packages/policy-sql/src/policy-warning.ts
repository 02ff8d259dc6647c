import type { SourcePlace } from './unsupported-policy-error.ts'

/**
 * `cast-can-fail`: a piece of the key is cast to a type that not every piece has, and one that has not fails every request over it.
 * `user-writable-claim`: `user_metadata` of the token is what the user wrote there. `inner-name`: a bare name in a subquery is a column of
 * the subquery's own table, though the row has one of that name too. `byte-order`: text is ordered by its bytes here, in Postgres by the
 * database's collation. `ascii-case`: letters beyond ASCII keep their case here.
 */
export type PolicyWarningKind = 'cast-can-fail' | 'user-writable-claim' | 'inner-name' | 'byte-order' | 'ascii-case'

/** Something in a policy that was read as it is written, and may not be meant. */
export interface PolicyWarning {
  readonly kind: PolicyWarningKind
  /** The policy's name. */
  readonly policy: string
  readonly place: SourcePlace
  readonly message: string
}
