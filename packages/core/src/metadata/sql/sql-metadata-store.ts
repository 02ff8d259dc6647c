import type { BucketInfo } from '../../model/bucket.ts'
import type { BlobRef } from '../../model/extent.ts'
import {
  checkDocumentId,
  checkDocumentKind,
  checkDocumentKinds,
  checkDocumentList,
  checkDocumentWrites,
  encodeDocumentBody,
} from '../check-documents.ts'
import { checkFinishJob, checkHolder, checkHoldGarbage, checkRenewJob, checkTakeJob } from '../check-leases.ts'
import { checkRelationListing, checkRelationRows, checkTableChange } from '../check-relations.ts'
import type * as commands from '../commands.ts'
import type { StoreCopying } from '../copying.ts'
import type * as documents from '../documents.ts'
import type * as exchange from '../exchange.ts'
import type { StoreInspection } from '../inspection.ts'
import type * as jobs from '../jobs.ts'
import type * as leases from '../leases.ts'
import type { ClaimGarbageQuery, Heartbeat, MetadataStore, UploadQuery, UploadRecord } from '../metadata-store.ts'
import type { Relation } from '../../policy/relation.ts'
import type * as queries from '../queries.ts'
import type * as relations from '../relations.ts'
import { findBucket } from './commands/buckets.ts'
import { sqlCopying } from './copying/sql-copying.ts'
import { refuseMarked } from './copying/store-mark.ts'
import { listDocuments, readDocument, readDocuments } from './documents.ts'
import { findObject, findRecord } from './find-object.ts'
import { findPlaces } from './find-places.ts'
import { findUpload, readAppendTail } from './find-upload.ts'
import { inspectRelationTables } from './inspect-relation-tables.ts'
import { sqlInspection } from './inspection/sql-inspection.ts'
import { HeldReads } from './held-reads.ts'
import { judgeTogether } from './judge-together.ts'
import { listBuckets } from './list-buckets.ts'
import { listObjects, listsObjectsAtOnce } from './list-objects.ts'
import { listObjectParts, listParts } from './list-parts.ts'
import { listRelationRows } from './list-relation-rows.ts'
import { listUploads } from './list-uploads.ts'
import { listVersions } from './list-versions.ts'
import { policyVersion } from './served.ts'
import { reservedAmong } from './reserved-among.ts'
import { deleteBucketInSteps, deleteInChunks, expireInChunks } from './split-commands.ts'
import type { ReadProgram, SqlDriver } from './sql-driver.ts'

/** The metadata store over any SQL driver: each method is one program. */
export class SqlMetadataStore implements MetadataStore {
  readonly #driver: SqlDriver
  readonly #inspection: StoreInspection
  readonly #held: HeldReads
  readonly #openMarked: boolean
  readonly copying: StoreCopying

  /** With `openMarked`, a store opens that is not to be served: for those who finish it, or look at it. */
  constructor(driver: SqlDriver, { openMarked = false }: { readonly openMarked?: boolean } = {}) {
    this.#driver = driver
    this.#inspection = sqlInspection(driver)
    this.#held = new HeldReads(driver)
    this.copying = sqlCopying(driver, this.#held)
    this.#openMarked = openMarked
  }

  get name(): string {
    return this.#driver.name
  }

  get lagMilliseconds(): number {
    return this.#driver.lagMilliseconds
  }

  async open(): Promise<void> {
    await this.#driver.open()
    if (!this.#openMarked) await refuseMarked(this.#driver)
  }

  close(): Promise<void> {
    return this.#held.close()
  }

  policyVersion(): Promise<number> {
    return this.#driver.read(policyVersion)
  }

  raisePolicyVersion(expected: number): Promise<number> {
    return this.#driver.command('raisePolicyVersion', { expected })
  }

  createBucket(command: commands.CreateBucketCommand): Promise<commands.CreateBucketOutcome> {
    return this.#driver.command('createBucket', command)
  }

  setVersioning(command: commands.SetVersioningCommand): Promise<commands.SetVersioningOutcome> {
    return this.#driver.command('setVersioning', command)
  }

  setBucketPolicy(command: commands.SetBucketPolicyCommand): Promise<commands.SetBucketPolicyOutcome> {
    return this.#driver.command('setBucketPolicy', command)
  }

  judge(conditions: readonly queries.RowCondition[]): Promise<readonly queries.Verdict[]> {
    return judgeTogether(this.#driver, conditions)
  }

  findBucket(query: { readonly jurisdiction: string; readonly name: string }): Promise<BucketInfo | null> {
    return this.#driver.read(() => findBucket(query))
  }

  listBuckets(query: queries.ListBucketsQuery): Promise<queries.ListBucketsPage> {
    return this.#driver.read((context) => listBuckets(context, query))
  }

  deleteBucket(command: commands.DeleteBucketCommand): Promise<commands.DeleteBucketOutcome> {
    return deleteBucketInSteps(this.#driver, command)
  }

  findObject(query: queries.FindObjectQuery): Promise<queries.FoundInfo> {
    return this.#driver.read((context) => findObject(context, query), query)
  }

  findRecord(query: queries.FindObjectQuery): Promise<queries.FoundRecord> {
    return this.#driver.read((context) => findRecord(context, query), query)
  }

  listObjectParts(query: queries.FindObjectQuery & { readonly after: number; readonly limit: number }): Promise<commands.PartPage> {
    return this.#driver.readConsistent((context) => listObjectParts(context, query))
  }

  listObjects(query: queries.ListObjectsQuery): Promise<queries.ListObjectsPage> {
    const program: ReadProgram<queries.ListObjectsPage> = (context) => listObjects(context, query)
    return listsObjectsAtOnce(query) ? this.#driver.read(program, query) : this.#driver.readConsistent(program, query)
  }

  listVersions(query: queries.ListVersionsQuery): Promise<queries.ListVersionsPage> {
    return this.#driver.readConsistent((context) => listVersions(context, query), query)
  }

  commitObject(command: commands.CommitObjectCommand): Promise<commands.CommitObjectOutcome> {
    return this.#driver.command('commitObject', command)
  }

  deleteObjects(command: commands.DeleteObjectsCommand): Promise<readonly commands.DeleteOutcome[]> {
    return deleteInChunks(this.#driver, command)
  }

  createUpload(command: commands.CreateUploadCommand): Promise<commands.CreateUploadOutcome> {
    return this.#driver.command('createUpload', command)
  }

  findUpload(query: UploadQuery): Promise<UploadRecord | null> {
    return this.#driver.read((context) => findUpload(context, query))
  }

  readAppendTail(query: UploadQuery & { readonly from: number }): Promise<Uint8Array> {
    return this.#driver.readConsistent((context) => readAppendTail(context, query))
  }

  listUploads(query: queries.ListUploadsQuery): Promise<queries.ListUploadsPage> {
    return this.#driver.readConsistent((context) => listUploads(context, query))
  }

  listParts(query: UploadQuery & { readonly after: number; readonly limit: number }): Promise<commands.PartPage> {
    return this.#driver.readConsistent((context) => listParts(context, query))
  }

  commitPart(command: commands.CommitPartCommand): Promise<commands.CommitPartOutcome> {
    return this.#driver.command('commitPart', command)
  }

  commitAppend(command: commands.CommitAppendCommand): Promise<commands.CommitAppendOutcome> {
    return this.#driver.command('commitAppend', command)
  }

  completeUpload(command: commands.CompleteUploadCommand): Promise<commands.CompleteUploadOutcome> {
    return this.#driver.command('completeUpload', command)
  }

  abortUpload(command: commands.UploadTarget): Promise<commands.AbortUploadOutcome> {
    return this.#driver.command('abortUpload', command)
  }

  expireUploads(query: { readonly answersKeptSeconds: number; readonly limit: number }): Promise<number> {
    return expireInChunks(this.#driver, query)
  }

  findPlaces(query: exchange.VersionPlace): Promise<exchange.PlacedManifest | null> {
    return this.#driver.readConsistent((context) => findPlaces(context, query))
  }

  exchangeExtents(command: exchange.ExchangeExtentsCommand): Promise<exchange.ExchangeExtentsOutcome> {
    return this.#driver.command('exchangeExtents', command)
  }

  async reserveBlobs(command: { readonly processId: string; readonly blobs: readonly BlobRef[] }): Promise<void> {
    await this.#driver.command('reserveBlobs', command)
  }

  abandonBlobs(blobs: readonly BlobRef[]): Promise<readonly BlobRef[]> {
    return this.#driver.command('abandonBlobs', { blobs })
  }

  reservedAmong(blobs: readonly BlobRef[]): Promise<readonly BlobRef[]> {
    return this.#driver.readConsistent((context) => reservedAmong(context, { blobs }))
  }

  heartbeat(beat: Heartbeat): Promise<{ readonly lapsed: boolean }> {
    return this.#driver.command('heartbeat', beat)
  }

  async endProcess(processId: string): Promise<void> {
    await this.#driver.command('endProcess', { processId })
  }

  claimGarbage(query: ClaimGarbageQuery): Promise<readonly BlobRef[]> {
    return this.#driver.command('claimGarbage', query)
  }

  async forgetGarbage(blobs: readonly BlobRef[]): Promise<void> {
    await this.#driver.command('forgetGarbage', { blobs })
  }

  async holdGarbage(command: leases.HoldGarbageCommand): Promise<leases.HoldGarbageOutcome> {
    checkHoldGarbage(command)
    return this.#driver.command('holdGarbage', command)
  }

  async releaseGarbage(holder: string): Promise<leases.ReleaseGarbageOutcome> {
    checkHolder(holder)
    return this.#driver.command('releaseGarbage', { holder })
  }

  async takeJob(command: jobs.TakeJobCommand): Promise<jobs.TakeJobOutcome> {
    checkTakeJob(command)
    return this.#driver.command('takeJob', command)
  }

  async renewJob(command: jobs.RenewJobCommand): Promise<jobs.RenewJobOutcome> {
    checkRenewJob(command)
    return this.#driver.command('renewJob', command)
  }

  async finishJob(command: jobs.FinishJobCommand): Promise<jobs.FinishJobOutcome> {
    checkFinishJob(command)
    return this.#driver.command('finishJob', command)
  }

  async readDocuments(query: documents.ReadDocumentsQuery): Promise<documents.DocumentsRead> {
    checkDocumentKinds(query)
    return this.#driver.read(() => readDocuments(query))
  }

  async readDocument(query: documents.DocumentId): Promise<documents.StoredDocument | null> {
    checkDocumentKind(query.kind)
    checkDocumentId(query.id)
    return this.#driver.read(() => readDocument(query))
  }

  async listDocuments(query: documents.ListDocumentsQuery): Promise<documents.ListDocumentsPage> {
    checkDocumentList(query)
    return this.#driver.read(() => listDocuments(query))
  }

  async writeDocuments(command: documents.WriteDocumentsCommand): Promise<documents.WriteDocumentsOutcome> {
    checkDocumentWrites(command)
    const writes = command.writes.map((write) => ({ ...write, body: write.body === null ? null : encodeDocumentBody(write.body) }))
    const { raisesPolicyVersion, tables = [] } = command
    for (const change of tables) checkTableChange(change)
    return this.#driver.command('writeDocuments', { writes, raisesPolicyVersion, tables })
  }

  async changeRelationRows(command: relations.ChangeRelationRowsCommand): Promise<relations.ChangeRelationRowsOutcome> {
    return this.#driver.command('changeRelationRows', { ...command, ...checkRelationRows(command) })
  }

  async listRelationRows(query: relations.ListRelationRowsQuery): Promise<relations.ListRelationRowsPage> {
    const after = checkRelationListing(query)
    return this.#driver.read((context) => listRelationRows(context, { ...query, after }))
  }

  inspectRelationTables(tables: readonly Relation[]): Promise<readonly (relations.RelationTableFault | null)[]> {
    return this.#driver.readConsistent((context) => inspectRelationTables(context, tables))
  }

  get inspection(): StoreInspection {
    return this.#inspection
  }
}
