import type { JsonValue } from '../model/json-value.ts'
import type { RelationTableChange } from './relations.ts'

/*
 * Configurations by (kind, id): settings of buckets, policies, credentials. The store knows nothing of what is in them.
 */

/** The kind under which `setBucketPolicy` keeps policies: by the bucket's id, the text as it was put. Gone with the bucket. */
export const BUCKET_POLICY_KIND = 'bucket-policy'

/** The bounds of documents. A write beyond one is refused with `LimitExceeded`. */
export const DOCUMENT_LIMITS = {
  /** Of a kind's name, in UTF-8 bytes. */
  kindBytesMax: 64,
  /** Of an id, in UTF-8 bytes. */
  idBytesMax: 500,
  /** Of a body as JSON, in UTF-8 bytes. */
  bodyBytesMax: 262_144,
  /** Lists and objects inside each other. */
  bodyDepthMax: 64,
  sealedBytesMax: 65_536,
  /** Documents that one command writes. */
  writesMax: 100,
  /** Kinds that one read asks for. */
  kindsReadMax: 32,
  /** Documents on one page of a listing. */
  listLimitMax: 1000,
} as const

/** Which document. */
export interface DocumentId {
  /** Lower-case words joined by dashes or dots. */
  readonly kind: string
  /** Any text but the empty one; unique in its kind. */
  readonly id: string
}

/** A document as it is kept. */
export interface StoredDocument extends DocumentId {
  /**
   * Counts up with each write. The first of a kind begin with 1; one that is made after another of its kind was deleted
   * begins higher, so that no version of an id is ever there twice.
   */
  readonly version: number
  /** The same JSON as was written; the order of an object's names is not kept. */
  readonly body: JsonValue
  /** Bytes beside it, in general ciphertext; null where it has none. */
  readonly sealed: Uint8Array | null
}

/** One document of a command. */
export interface DocumentWrite extends DocumentId {
  /** The version that it must have; null where it must not exist; 'any' where neither matters. */
  readonly expected: number | null | 'any'
  /** Null deletes; then `sealed` is null, too. Deleting what is not there is fine, where `expected` does not say that it is. */
  readonly body: JsonValue | null
  readonly sealed: Uint8Array | null
}

/** Writes and deletes documents, all of them or none. No document twice. */
export interface WriteDocumentsCommand {
  readonly writes: readonly DocumentWrite[]
  /** Whether what callers may do depends on them: then every commit that was decided on the former ones is decided again. */
  readonly raisesPolicyVersion: boolean
  /** Tables of relations that are made, changed and dropped with the documents that describe them: both, or neither. Default none. */
  readonly tables?: readonly RelationTableChange[]
}

/** What became of it. `conflict` names the first document that is not what was expected, and its version; null where it is not there. */
export type WriteDocumentsOutcome =
  | { readonly outcome: 'written'; readonly policyVersion: number }
  | { readonly outcome: 'conflict'; readonly kind: string; readonly id: string; readonly version: number | null }

/** All documents of some kinds. Whoever keeps a kind that is read as a whole bounds how many there are of it. */
export interface ReadDocumentsQuery {
  readonly kinds: readonly string[]
}
/** The documents, by kind and id, and the policy version that they belong to, as one state of the store. */
export interface DocumentsRead {
  readonly policyVersion: number
  readonly documents: readonly StoredDocument[]
}

/** A page of the documents of a kind. */
export interface ListDocumentsQuery {
  readonly kind: string
  /** Ids greater than this one; null begins. */
  readonly after: string | null
  /** At least 1. */
  readonly limit: number
}
/** In the order of their ids' bytes. `next` is the id to go on behind; null on the last page. */
export interface ListDocumentsPage {
  readonly documents: readonly StoredDocument[]
  readonly next: string | null
}
