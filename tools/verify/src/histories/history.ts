/*
 * What clients asked of the keys of a bucket that is not versioned, and what they were told. A value is a name for a content: every put
 * brings one that no other put brings, so that a read tells which put it saw.
 */

/** On what a write depends: on nothing, on a key that holds nothing (`If-None-Match: *`), or on what it holds (`If-Match`). */
export type Condition = 'none' | 'absent' | { readonly holds: string }

/** What a client asks of a key. */
export type KeyRequest =
  | { readonly kind: 'put'; readonly value: string; readonly condition: Condition }
  | { readonly kind: 'delete'; readonly condition: Exclude<Condition, 'absent'> }
  /** GET, HEAD, and what a listing says of one key. */
  | { readonly kind: 'read' }

/** What it was told. */
export type KeyAnswer =
  /** A write, acknowledged. */
  | 'done'
  /** Its condition did not hold, 412. */
  | 'refused'
  /** The key holds nothing, 404. */
  | 'absent'
  | { readonly holds: string }
  /** No answer, or a 5xx: it was carried out once at some time after it was sent, or never. */
  | 'unknown'

/** One request for one key. Times are of one monotonic clock. */
export interface KeyOperation {
  /** Who asked, and how: for messages. */
  readonly label: string
  readonly request: KeyRequest
  readonly answer: KeyAnswer
  readonly invokedAt: number
  readonly returnedAt: number
}

/** One listing that was answered in full. */
export interface Listing {
  readonly label: string
  readonly prefix: string
  /** In the order of the answer. */
  readonly entries: readonly { readonly key: string; readonly value: string }[]
  readonly invokedAt: number
  readonly returnedAt: number
}

/** Everything that was asked of a bucket which held none of these keys before. */
export interface History {
  readonly keys: ReadonlyMap<string, readonly KeyOperation[]>
  readonly listings: readonly Listing[]
}
