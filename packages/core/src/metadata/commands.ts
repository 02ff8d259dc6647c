import type { BucketInfo, Versioning } from '../model/bucket.ts'
import type { Conditions } from '../model/conditions.ts'
import type { BlobRef } from '../model/extent.ts'
import type { Extent } from '../model/extent.ts'
import type { ObjectChecksum } from '../model/object-checksum.ts'
import type { ObjectInfo } from '../model/object.ts'
import type { PartInfo, PartRecord, UploadInfo } from '../model/upload.ts'
import type { Requirement } from '../policy/policy.ts'
import type { Predicate } from '../policy/predicate.ts'

/*
 * What may be changed, each as one atomic unit. A command states the race it guards: the bucket by id, the policy by
 * version, the key by its conditions. A refusal is an answer, not an error: errors are faults of the store.
 */

/** Why a command changed nothing. */
export type Refusal =
  /** The bucket with that id is gone, though one of the same name may be there. */
  | { readonly outcome: 'bucket-gone' }
  /** The requirement was made under another policy version: ask again. */
  | { readonly outcome: 'policy-changed'; readonly policyVersion: number }
  /** The bucket's versioning is another one than the requirement was made for: look at the bucket again. */
  | { readonly outcome: 'bucket-changed' }
  /** A predicate said no. `absent` where the caller must not learn that there is something. */
  | { readonly outcome: 'denied'; readonly looks: 'absent' | 'forbidden' }
  | { readonly outcome: 'precondition'; readonly condition: keyof Conditions }
  /** If-Match on a key that holds nothing. */
  | { readonly outcome: 'absent' }
  /**
   * A blob can gain no reference any more. Shared: it has lost its last one since it was read, read again. Fresh: our
   * reservation has lapsed (the process was taken for dead), the bytes must be sent again.
   */
  | { readonly outcome: 'blob-gone'; readonly fresh: boolean }
  /** Retention or a legal hold protects the version that would be destroyed. */
  | { readonly outcome: 'locked'; readonly versionId: string }

/** What the policy answered about something in a bucket, and what it was told of the bucket that may change under its id. */
export interface BucketRequirement extends Requirement {
  /** The bucket's versioning when it was asked. A command under another one is refused, `bucket-changed`. Absent: any will do. */
  readonly versioning?: Versioning
}

/** The content of a new version, as the engine proposes it. The store gives it its sequence, and its version id where the bucket is not versioned. */
export type NewObject = Omit<ObjectInfo, 'sequence' | 'latest' | 'deleteMarker'> & { readonly extents: readonly Extent[] }

/** Makes a bucket. Its id is the engine's; its name is free or taken within its jurisdiction, whoever owns it. */
export interface CreateBucketCommand {
  readonly bucket: BucketInfo
  readonly require: Requirement
}
/** What became of it. `exists` names the account that has the name: the caller's own, or somebody else's. */
export type CreateBucketOutcome = { readonly outcome: 'created' } | { readonly outcome: 'exists'; readonly account: string } | Refusal

/** Deletes a bucket that holds no object, no version and no delete marker. */
export interface DeleteBucketCommand {
  readonly bucketId: string
  readonly require: BucketRequirement
}
/**
 * Uploads that are not finished go with the bucket, their blobs become garbage. A store may end them before, some at a time,
 * while the bucket could go but for them: where an object comes meanwhile, the bucket stays, `not-empty`, without them.
 */
export type DeleteBucketOutcome = { readonly outcome: 'deleted' } | { readonly outcome: 'not-empty' } | Refusal

/** Sets a bucket's versioning: whoever decided on the former one (`BucketRequirement.versioning`) decides again. */
export interface SetVersioningCommand {
  readonly bucketId: string
  /** What was versioned once is never again as if it had not been: then only suspended. */
  readonly versioning: Exclude<Versioning, 'off'>
  readonly require: BucketRequirement
}
/** What became of it. */
export type SetVersioningOutcome = { readonly outcome: 'set' } | Refusal

/** Sets or deletes the policy of a bucket, and raises the policy version. */
export interface SetBucketPolicyCommand {
  readonly bucketId: string
  /** Its text, which nobody below the engine reads; null for none. */
  readonly policy: string | null
  readonly require: Requirement
}
/** The policy version as it is then. */
export type SetBucketPolicyOutcome = { readonly outcome: 'set'; readonly policyVersion: number } | Refusal

/** Makes an object visible: the last step of a put or a copy, its blobs being durable already. */
export interface CommitObjectCommand {
  readonly object: NewObject
  readonly conditions: Conditions
  readonly require: BucketRequirement
  /** How many bytes the client said that it would send; absent where it said nothing. In the proposed row alone: the final one is measured. */
  readonly declaredSize?: number
  /** Which blobs of `extents` this command brings (they were reserved); all others it shares with versions that hold them. */
  readonly fresh: readonly BlobRef[]
}
/** What became of it. `replaced` is what was current before, null where the key held nothing or only a delete marker. */
export type CommitObjectOutcome =
  | { readonly outcome: 'committed'; readonly object: ObjectInfo; readonly replaced: ObjectInfo | null }
  | Refusal

/** One key, or one version of it, to be deleted by its own right and on its own conditions. */
export interface DeleteKey {
  readonly key: string
  /** Deletes exactly this version, marker or not. Absent: deletes the key (unversioned), or leaves a marker. */
  readonly versionId?: string
  /** The version id of the marker, where one is left. */
  readonly markerVersionId: string
  /** Must hold over the row where governance retention is in the way; null where the caller did not ask to bypass it. */
  readonly bypassGovernance: Predicate | null
  readonly ownerId: string | null
  readonly conditions: Conditions
  readonly require: BucketRequirement
}
/** Deletes keys of one bucket. */
export interface DeleteObjectsCommand {
  readonly bucketId: string
  readonly at: Date
  /** Each key has its own outcome; the order is kept. One atomic unit each, and the store decides how many share a transaction. */
  readonly keys: readonly DeleteKey[]
}
/** What became of one key. Deleting what is not there is `deleted`. */
export type DeleteOutcome =
  /** A row is gone for good; `deleteMarker` says whether it was a marker. */
  | { readonly outcome: 'deleted'; readonly versionId: string | null; readonly deleteMarker: boolean }
  /** A marker was left. */
  | { readonly outcome: 'marked'; readonly versionId: string }
  /** The store failed at this key; other keys have their own outcomes. */
  | { readonly outcome: 'fault'; readonly error: Error }
  | Refusal

/** Begins an upload: of parts, or of appends. */
export interface CreateUploadCommand {
  readonly upload: Omit<UploadInfo, 'offset'>
  readonly require: BucketRequirement
}
/** What became of it; the upload's id was chosen by the engine. */
export type CreateUploadOutcome = { readonly outcome: 'created' } | Refusal

/** The part of every upload command that says which upload, and by what right. The upload must belong to this bucket and key. */
export interface UploadTarget {
  readonly uploadId: string
  readonly bucketId: string
  readonly key: string
  /** Held against the upload's own row (`owner_id`, and as `account` its `ownerAccount`): where it is not true, there is no such upload. */
  readonly visible: Predicate
  /** Held against the object that the upload would make; `existing` against the row at its key. */
  readonly require: BucketRequirement
}

/** Makes a part durable. The same number again replaces what was there. */
export interface CommitPartCommand extends UploadTarget {
  readonly part: PartRecord
  readonly fresh: readonly BlobRef[]
  /** Of all parts of the upload together. Held against a part that brings several; parts of one extent are as bounded as their numbers. */
  readonly objectExtentsMax: number
}
/** What became of it. `upload-gone`: completed, aborted or expired meanwhile, or not this caller's. */
export type CommitPartOutcome =
  | { readonly outcome: 'committed' }
  | { readonly outcome: 'upload-gone' }
  | { readonly outcome: 'too-many-extents' }
  | Refusal

/** One step of an append upload: the bytes from `expectedOffset` on are `extent`s; the hash state is that after them. */
export interface CommitAppendCommand extends UploadTarget {
  readonly expectedOffset: number
  readonly size: number
  readonly extents: readonly Extent[]
  readonly fresh: readonly BlobRef[]
  /** The running hashes after these bytes, opaque to the store. */
  readonly hashState: Uint8Array
  /** Replaces the durable bytes from here on (a tail that was merged into `extents`); `expectedOffset` where nothing is replaced. */
  readonly replaceFrom: number
  /** Declares how long the upload will be, where the client says so only now; null leaves it as it is. Bytes may then be none. */
  readonly declaredSize: number | null
  /** Of the whole upload, after this step. */
  readonly objectExtentsMax: number
  readonly at: Date
  /** Every append moves the expiry on. */
  readonly expiresAt: Date
}
/** What became of it. `offset` says where the upload stands, committed or not: there the client resumes. */
export type CommitAppendOutcome =
  | { readonly outcome: 'committed'; readonly offset: number }
  | { readonly outcome: 'offset'; readonly offset: number }
  /** Another length was declared before, or more bytes than the declared length are there. */
  | { readonly outcome: 'size'; readonly expected: number; readonly actual: number }
  | { readonly outcome: 'upload-gone' }
  | { readonly outcome: 'too-many-extents' }
  | Refusal

/** What the client says of one part in CompleteMultipartUpload. */
export interface CompletedPart {
  readonly partNumber: number
  readonly etag: string
  readonly checksum?: ObjectChecksum
}

/** Makes the object of an upload: its parts' extents, or its appended ones, in one commit. */
export interface CompleteUploadCommand extends UploadTarget {
  /** Null for an append upload. */
  readonly parts: readonly CompletedPart[] | null
  /** The least size of every part but the last, in bytes. */
  readonly partSizeMin: number
  readonly objectSizeMax: number
  readonly objectExtentsMax: number
  readonly versionId: string
  readonly createdAt: Date
  readonly conditions: Conditions
  /** What the client expects of the whole, where it said so. */
  readonly expected: { readonly size?: number; readonly checksum?: ObjectChecksum }
  /** ETag and checksum of an append upload, from its running hashes; null for parts, where the store computes them from the rows. */
  readonly appended: { readonly offset: number; readonly etag: string; readonly checksum: ObjectChecksum | null } | null
}
/** What became of it. Only `completed` changed anything: after every other answer the upload is as it was. */
export type CompleteUploadOutcome =
  /** `replayed`: this upload had been completed with the same parts before; the answer is the first one. */
  | { readonly outcome: 'completed'; readonly object: ObjectInfo; readonly replayed: boolean }
  | { readonly outcome: 'upload-gone' }
  | { readonly outcome: 'invalid-part'; readonly partNumber: number; readonly reason: string }
  | { readonly outcome: 'part-too-small'; readonly partNumber: number; readonly size: number }
  | { readonly outcome: 'too-large'; readonly size: number }
  | { readonly outcome: 'too-many-extents' }
  | { readonly outcome: 'checksum'; readonly algorithm: string; readonly expected: string; readonly actual: string }
  | { readonly outcome: 'size'; readonly expected: number; readonly actual: number }
  | Refusal

/** What became of an abort. The blobs of an aborted upload are garbage from then on. */
export type AbortUploadOutcome = { readonly outcome: 'aborted' } | { readonly outcome: 'upload-gone' } | Refusal

/** What ListParts and GetObjectAttributes page through. */
export interface PartPage {
  readonly parts: readonly PartInfo[]
  /** The last part number of a page that has more behind it. */
  readonly next: number | null
}
