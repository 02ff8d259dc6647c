export type { PolicyChange } from './access/policy-change.ts'
export type { PolicyList } from './access/policy-documents.ts'
export type { RelationRows, RelationRowsChange, RelationRowsPage, RelationRowsPosition } from './access/relation-rows.ts'
export { type RoleLookup, type StoredPolicies, storedPolicies, type StoredPoliciesOptions } from './access/stored-policies.ts'
export type { Backend, ByteRange, ByteSource } from './backend/backend.ts'
export { isLendingReadable, type LendingReadable } from './backend/lending-readable.ts'
export { HashWorkerPool, type HashWorkerPoolOptions, type HashWorkers } from './checksums/hash-worker-pool.ts'
export type { CollectedGarbage, CollectGarbageOptions, Engine, EngineOptions, Observer } from './engine/engine.ts'
export type {
  AppendInput,
  AppendState,
  BucketInput,
  CallInput,
  CompleteUploadInput,
  CopiedObject,
  CopiedPart,
  CopyObjectInput,
  CreateAppendUploadInput,
  CreateBucketInput,
  CreateUploadInput,
  DeletedObject,
  DeleteObjectInput,
  DeleteObjectsInput,
  DeleteResult,
  ExpectedContent,
  ExpectOwnerInput,
  FinishAppendInput,
  DirectUrlOptions,
  GetObjectInput,
  KeyInput,
  ListBucketsInput,
  ListedObjects,
  ListedParts,
  ListedUploads,
  ListedVersions,
  ListObjectsInput,
  ListPartsInput,
  ListUploadsInput,
  ListVersionsInput,
  ObjectAttributes,
  ObjectInput,
  OpenedObject,
  PutBucketPolicyInput,
  PutObjectInput,
  RequestedRange,
  SetVersioningInput,
  UploadInput,
  UploadPartCopyInput,
  UploadPartInput,
} from './engine/inputs.ts'
export type {
  ExplainedClause,
  ExplainedCondition,
  ExplainedGround,
  ExplainedPolicy,
  ExplainedQuestion,
  ExplainInput,
  Explanation,
  SupposedObject,
} from './engine/explanation.ts'
export { checkSnapshot, type CheckSnapshotOptions } from './engine/move/check-snapshot.ts'
export { moveMetadata, type MovedMetadata, type MoveMetadataOptions, type MoveStep } from './engine/move/move-metadata.ts'
export { snapshotMetadata, type SnapshotMetadataOptions, type SnapshotOfMetadata } from './engine/move/snapshot-metadata.ts'
export type { TableSurvey } from './engine/move/survey-tables.ts'
export { takeBackMetadata } from './engine/move/take-back-metadata.ts'
export type { Verdict } from './metadata/queries.ts'
export { fsck, type FsckChecked, type FsckOptions, type FsckReport } from './engine/fsck.ts'
export type { FsckDetails, FsckFinding, FsckKind, FsckSeverity, Holder } from './engine/fsck/finding.ts'
export type { FsckStep } from './engine/fsck/progress.ts'
export { DEFAULT_JOIN_RULES, type JoinRules } from './engine/joins/join-policy.ts'
export type { JoinsOption } from './engine/joins/resolve-joins.ts'
export { DEFAULT_LIMITS, type Limits } from './engine/limits.ts'
export { openEngine } from './engine/open-engine.ts'
export { PolicyVersionWatch, type PolicyVersionWatchOptions } from './engine/policy-version-watch.ts'
export type { Session } from './engine/session.ts'
export { DEFAULT_JURISDICTION } from './engine/resolve-bucket.ts'
export { verifyContent } from './engine/verify-content.ts'
export type { StorageErrorCode, StorageErrorDetails } from './errors/error-details.ts'
export { type AnyStorageError, isStorageError, StorageError, type StorageErrorOptions } from './errors/storage-error.ts'
export type { CompletedPart, PartPage } from './metadata/commands.ts'
export type { MetadataStore } from './metadata/metadata-store.ts'
export type { BucketAddress, BucketInfo, Versioning } from './model/bucket.ts'
export type { Conditions } from './model/conditions.ts'
export type { ChecksumAlgorithm, ChecksumType, ObjectChecksum } from './model/object-checksum.ts'
export { NULL_VERSION, type ObjectHeaders, type ObjectInfo, type ObjectSummary, type Retention } from './model/object.ts'
export type { JsonValue } from './model/json-value.ts'
export type { PartInfo, UploadInfo, UploadKind } from './model/upload.ts'
export { allowAll } from './policy/allow-all.ts'
export {
  accountCaller,
  ANONYMOUS,
  type Caller,
  type GrantPrincipal,
  type JsonObject,
  type Principal,
  type Scope,
  type SystemPrincipal,
} from './policy/caller.ts'
export { findDuplicateMember } from './policy/duplicate-member.ts'
export { intersectScopes } from './policy/intersect-scopes.ts'
export { type Action, OPERATION_NAMES, type OperationName } from './policy/operation.ts'
export type { DecisionGround, DecisionTrace } from './policy/decision-ground.ts'
export type { Access, BucketFacts, Facts, ListingFacts, Policy, RequestFacts, Requirement } from './policy/policy.ts'
export {
  ALWAYS,
  type CastType,
  type CompareOperator,
  type ContextField,
  type LiteralType,
  type LiteralValue,
  NEVER,
  type Predicate,
  type PredicateFunction,
  type RelationColumnType,
  type RelationKeeper,
  type RowColumn,
  type TruthTest,
} from './policy/predicate.ts'
export type { Relation, RelationColumn, RelationRow, RelationValue } from './policy/relation.ts'
export { BUILT_IN_ROLES, type Role } from './policy/role.ts'
export { type PolicyCommand, type PolicyTable, PUBLIC_ROLE, type RowPolicy } from './policy/row-policy.ts'
export { type Rule } from './policy/rule.ts'
export { ownersOnly } from './policy/ownership.ts'
export { type RulePolicy, rules } from './policy/rules.ts'
export { decodeScope, encodeScope } from './policy/scope-codec.ts'
export { type Clock, systemClock } from './util/clock.ts'
export { createIds, type Ids, type IdsOptions } from './util/ids.ts'
export type { WorkerSource } from './util/worker-source.ts'
