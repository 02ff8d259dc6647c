import type { DecisionTrace } from './decision-ground.ts'
import type { Versioning } from '../model/bucket.ts'
import type { Caller } from './caller.ts'
import type { Action, OperationName } from './operation.ts'
import type { Predicate } from './predicate.ts'

/** Facts by name: `sourceIp`, `secureTransport`, … A `Map` is one. */
export interface Facts {
  get(name: string): string | number | boolean | undefined
}

/** Facts about the request that the server derived itself: address, TLS, requested tags, … Never copied from the client. */
export interface RequestFacts {
  readonly operation: OperationName
  readonly at: Date
  readonly facts: Facts
}

/** What a policy learns of a bucket before it answers. */
export interface BucketFacts {
  readonly id: string
  readonly name: string
  readonly jurisdiction: string
  readonly account: string
  readonly public: boolean
  readonly versioning: Versioning
}

/** What a listing asks for, as its caller said. */
export interface ListingFacts {
  /** '' where none was given. */
  readonly prefix: string
  readonly delimiter: string | null
  /** Null where the caller gave none. */
  readonly limit: number | null
}

/** One question to the policy: who wants to do what, where. */
export interface Access {
  readonly caller: Caller
  readonly action: Action
  readonly request: RequestFacts
  /** Of a write: whether it may replace what is there ('never' is a create). Null for anything else. */
  readonly overwrite: 'never' | 'allowed' | null
  /** A copy asks twice: once for what it reads, once for what it writes. */
  readonly side: 'source' | 'target'
  /** Null where the bucket is not there yet (create) or not one (listing buckets). */
  readonly bucket: BucketFacts | null
  readonly key: string | null
  readonly versionId: string | null
  /** Of a listing inside a bucket; null for anything else. */
  readonly listing: ListingFacts | null
  /** The store's policy version that the answer will be held against. */
  readonly policyVersion: number
}

/**
 * What must hold, as data. The store evaluates it in the transaction that writes, against the rows it has locked;
 * rows of relations are read unlocked, by a statement that starts after the key is locked.
 */
export interface Requirement {
  /** Of the policy set that this was made from; a commit under another version is retried with a fresh requirement. */
  readonly policyVersion: number
  /**
   * Over every row that is read, replaced, hidden or destroyed, where there is one. A delete marker counts as none unless the
   * command names its version. In a listing: which rows are visible.
   */
  readonly existing: Predicate
  /** Over the row as the caller proposes it; for a delete that leaves a marker, over the marker, also on an absent key. */
  readonly proposed: Predicate
  /** Over the row as it would be written (size measured, checksums known), where the key had none. */
  readonly finalCreated: Predicate
  /** The same, where it replaces one. */
  readonly finalReplaced: Predicate
  /**
   * How a refusal by `existing` looks to this caller. A refusal by the others is always 'forbidden', and so is that of a
   * delete where the bucket is, or was, versioned: what is not there would leave a marker.
   */
  readonly deniedExisting: 'absent' | 'forbidden'
  /** How absence looks to this caller. */
  readonly whenAbsent: 'absent' | 'forbidden'
}

/** Decides who may do what. There is no engine without one. */
export interface Policy {
  /**
   * Answers with data, never with yes or no: the store holds the answer against the rows. May gather facts first (claims;
   * never membership, which stays in the predicate). Throwing is a refusal, reported as a fault.
   *
   * A policy whose rules change must call `engine.policyChanged()` afterwards: commits that carry older answers are then retried.
   */
  require(access: Access): Requirement | Promise<Requirement>
  /** Whether it goes by the policies that buckets have. Where it does not, they cannot be put: nobody must believe in one that is not kept. */
  readonly keepsBucketPolicies?: boolean
  /** Whether a role bypasses row-level security now: then it acts as its account. Without it, none does. */
  bypasses?(role: string): boolean
  /** Decides exactly like `require`, and says to `trace` what had a say. A policy without it cannot be explained. */
  explain?(access: Access, trace: DecisionTrace): Requirement | Promise<Requirement>
}
