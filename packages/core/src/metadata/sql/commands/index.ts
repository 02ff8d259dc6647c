import type {
  AbortUploadOutcome,
  CommitAppendCommand,
  CommitAppendOutcome,
  CommitObjectCommand,
  CommitObjectOutcome,
  CommitPartCommand,
  CommitPartOutcome,
  CompleteUploadCommand,
  CompleteUploadOutcome,
  CreateBucketCommand,
  CreateBucketOutcome,
  CreateUploadCommand,
  CreateUploadOutcome,
  DeleteBucketCommand,
  DeleteObjectsCommand,
  DeleteOutcome,
  SetBucketPolicyCommand,
  SetBucketPolicyOutcome,
  SetVersioningCommand,
  SetVersioningOutcome,
  UploadTarget,
} from '../../commands.ts'
import type { WriteDocumentsOutcome } from '../../documents.ts'
import type { ExchangeExtentsCommand, ExchangeExtentsOutcome } from '../../exchange.ts'
import type { ChangeRelationRowsCommand, ChangeRelationRowsOutcome } from '../../relations.ts'
import type { FinishJobCommand, FinishJobOutcome, RenewJobCommand, RenewJobOutcome, TakeJobCommand, TakeJobOutcome } from '../../jobs.ts'
import type { HoldGarbageCommand, HoldGarbageOutcome, ReleaseGarbageOutcome } from '../../leases.ts'
import type { WriteCopyCommand, WriteCopyOutcome } from '../../copying.ts'
import type { ClaimGarbageQuery, Heartbeat } from '../../metadata-store.ts'
import type { BlobRef } from '../../../model/extent.ts'
import { whileServed } from '../served.ts'
import type { SqlContext, SqlProgram } from '../sql-driver.ts'
import { commitAppend } from './append.ts'
import { createBucket, deleteBucket, setBucketPolicy, setVersioning } from './buckets.ts'
import type { DeleteBucketStep } from './buckets.ts'
import { commitObject } from './commit-object.ts'
import { completeUpload } from './complete-upload.ts'
import { deleteObjects } from './delete-objects.ts'
import { writeDocuments } from './documents.ts'
import type { WriteDocumentsInput } from './documents.ts'
import { exchangeExtents } from './exchange-extents.ts'
import { holdGarbage, releaseGarbage } from './garbage-holds.ts'
import { abandonBlobs, claimGarbage, forgetGarbage, reserveBlobs } from './garbage.ts'
import type { BlobsInput, ReserveInput } from './garbage.ts'
import { finishJob, renewJob, takeJob } from './jobs.ts'
import { commitPart } from './parts.ts'
import { raisePolicyVersion } from './policy-version.ts'
import { endProcess, heartbeat } from './processes.ts'
import { changeRelationRows } from './relations.ts'
import { abortUpload, createUpload, expireUploads } from './uploads.ts'
import type { ExpireInput } from './uploads.ts'
import { writeCopy } from './write-copy.ts'

interface Command<I, O> {
  readonly input: I
  readonly outcome: O
}

/** Input and outcome of every command, by name. */
export interface CommandTypes {
  abandonBlobs: Command<BlobsInput, readonly BlobRef[]>
  abortUpload: Command<UploadTarget, AbortUploadOutcome>
  changeRelationRows: Command<ChangeRelationRowsCommand, ChangeRelationRowsOutcome>
  claimGarbage: Command<ClaimGarbageQuery, readonly BlobRef[]>
  commitAppend: Command<CommitAppendCommand, CommitAppendOutcome>
  commitObject: Command<CommitObjectCommand, CommitObjectOutcome>
  commitPart: Command<CommitPartCommand, CommitPartOutcome>
  completeUpload: Command<CompleteUploadCommand, CompleteUploadOutcome>
  createBucket: Command<CreateBucketCommand, CreateBucketOutcome>
  createUpload: Command<CreateUploadCommand, CreateUploadOutcome>
  deleteBucket: Command<DeleteBucketCommand, DeleteBucketStep>
  deleteObjects: Command<DeleteObjectsCommand, readonly DeleteOutcome[]>
  endProcess: Command<{ readonly processId: string }, null>
  exchangeExtents: Command<ExchangeExtentsCommand, ExchangeExtentsOutcome>
  expireUploads: Command<ExpireInput, number>
  finishJob: Command<FinishJobCommand, FinishJobOutcome>
  forgetGarbage: Command<BlobsInput, null>
  heartbeat: Command<Heartbeat, { readonly lapsed: boolean }>
  holdGarbage: Command<HoldGarbageCommand, HoldGarbageOutcome>
  raisePolicyVersion: Command<{ readonly expected: number }, number>
  releaseGarbage: Command<{ readonly holder: string }, ReleaseGarbageOutcome>
  renewJob: Command<RenewJobCommand, RenewJobOutcome>
  reserveBlobs: Command<ReserveInput, null>
  setBucketPolicy: Command<SetBucketPolicyCommand, SetBucketPolicyOutcome>
  setVersioning: Command<SetVersioningCommand, SetVersioningOutcome>
  takeJob: Command<TakeJobCommand, TakeJobOutcome>
  writeCopy: Command<WriteCopyCommand, WriteCopyOutcome>
  writeDocuments: Command<WriteDocumentsInput, WriteDocumentsOutcome>
}

/** The closed list of commands: what crosses to the writer thread is a name of it and plain data. */
export type CommandName = keyof CommandTypes
/** What a command is given. */
export type CommandInput<N extends CommandName> = CommandTypes[N]['input']
/** What a command gives back. */
export type CommandOutcome<N extends CommandName> = CommandTypes[N]['outcome']
/** A program that writes. */
export type CommandProgram<N extends CommandName> = (context: SqlContext, input: CommandInput<N>) => SqlProgram<CommandOutcome<N>>

/** Every command by its name. All but `writeCopy` reject with `StoreNotUsable` in a store that is marked as moved, or as an unfinished copy. */
export const COMMANDS: { readonly [N in CommandName]: CommandProgram<N> } = {
  abandonBlobs: whileServed(abandonBlobs),
  abortUpload,
  changeRelationRows: whileServed(changeRelationRows),
  claimGarbage: whileServed(claimGarbage),
  commitAppend,
  commitObject,
  commitPart,
  completeUpload,
  createBucket,
  createUpload,
  deleteBucket,
  deleteObjects,
  endProcess: whileServed(endProcess),
  exchangeExtents: whileServed(exchangeExtents),
  expireUploads: whileServed(expireUploads),
  finishJob: whileServed(finishJob),
  forgetGarbage: whileServed(forgetGarbage),
  heartbeat: whileServed(heartbeat),
  holdGarbage: whileServed(holdGarbage),
  raisePolicyVersion: whileServed(raisePolicyVersion),
  releaseGarbage: whileServed(releaseGarbage),
  renewJob: whileServed(renewJob),
  reserveBlobs: whileServed(reserveBlobs),
  setBucketPolicy,
  setVersioning,
  takeJob: whileServed(takeJob),
  writeCopy,
  writeDocuments: whileServed(writeDocuments),
}
