export type {
  AbortUploadOutcome,
  BucketRequirement,
  CommitAppendCommand,
  CommitAppendOutcome,
  CommitObjectCommand,
  CommitObjectOutcome,
  CommitPartCommand,
  CommitPartOutcome,
  CompletedPart,
  CompleteUploadCommand,
  CompleteUploadOutcome,
  CreateBucketCommand,
  CreateBucketOutcome,
  CreateUploadCommand,
  CreateUploadOutcome,
  DeleteBucketCommand,
  DeleteBucketOutcome,
  DeleteKey,
  DeleteObjectsCommand,
  DeleteOutcome,
  NewObject,
  PartPage,
  Refusal,
  UploadTarget,
} from './commands.ts'
export { COPIED_TABLES } from './copying.ts'
export type {
  CopiedColumns,
  CopiedRow,
  CopiedRowsPage,
  CopiedRowsQuery,
  CopiedTable,
  CopiedValue,
  StoreCopying,
  StoreMark,
  StoreRows,
  StoreState,
  WriteCopyCommand,
  WriteCopyOutcome,
} from './copying.ts'
export { DOCUMENT_LIMITS } from './documents.ts'
export type {
  DocumentId,
  DocumentsRead,
  DocumentWrite,
  ListDocumentsPage,
  ListDocumentsQuery,
  ReadDocumentsQuery,
  StoredDocument,
  WriteDocumentsCommand,
  WriteDocumentsOutcome,
} from './documents.ts'
export type { BlobMove, ExchangeExtentsCommand, ExchangeExtentsOutcome, PlacedExtent, PlacedManifest, VersionPlace } from './exchange.ts'
export type {
  InspectedGarbage,
  InspectedManifest,
  InspectedReference,
  InspectionPage,
  InspectionQuery,
  MissingInline,
  StoreInspection,
} from './inspection.ts'
export { JOB_LIMITS } from './jobs.ts'
export type { FinishJobCommand, FinishJobOutcome, RenewJobCommand, RenewJobOutcome, TakeJobCommand, TakeJobOutcome } from './jobs.ts'
export { LEASE_LIMITS } from './leases.ts'
export type { HoldGarbageCommand, HoldGarbageOutcome, ReleaseGarbageOutcome } from './leases.ts'
export type { AppendPiece, ClaimGarbageQuery, Heartbeat, MetadataStore, UploadQuery, UploadRecord } from './metadata-store.ts'
export type {
  FindObjectQuery,
  Found,
  FoundInfo,
  FoundRecord,
  ListBucketsPage,
  ListBucketsQuery,
  ListObjectsPage,
  ListObjectsQuery,
  ListPosition,
  ListUploadsPage,
  ListUploadsQuery,
  ListVersionsPage,
  ListVersionsQuery,
  NextPosition,
} from './queries.ts'
export type { JsonValue } from '../model/json-value.ts'
export { RELATION_ROW_LIMITS } from './relations.ts'
export type {
  ChangeRelationRowsCommand,
  ChangeRelationRowsOutcome,
  ListRelationRowsPage,
  ListRelationRowsQuery,
  RelationDocument,
  RelationTableChange,
  RelationTableFault,
} from './relations.ts'
