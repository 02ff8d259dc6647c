import type { Backend } from '../backend/backend.ts'
import { StorageError } from '../errors/storage-error.ts'
import type { MetadataStore } from '../metadata/metadata-store.ts'
import type { BlobRef } from '../model/extent.ts'
import { closeAll } from './engine-implementation.ts'
import { HASH_END } from './fsck/blob-table.ts'
import { checkBlobs } from './fsck/check-blobs.ts'
import { readManifests } from './fsck/check-rows.ts'
import type { FsckContext } from './fsck/context.ts'
import { pagesOf } from './fsck/cursor.ts'
import { explainSuspects } from './fsck/explain-suspects.ts'
import type { FsckFinding, FsckKind } from './fsck/finding.ts'
import { Findings } from './fsck/findings.ts'
import { FsckProgress } from './fsck/progress.ts'
import type { FsckStep } from './fsck/progress.ts'
import { verifyBytes } from './fsck/verify-bytes.ts'

/** What `fsck` checks, and how thoroughly. */
export interface FsckOptions {
  /** The rows. Fsck tells, it repairs nothing. */
  readonly metadata: MetadataStore
  /** Every backend that extents may name, by its id; the one for new blobs is 'main'. */
  readonly backends: Readonly<Record<string, Backend>>
  /** Whether store and backends are open, as those of a running engine are. Default false: they are opened, and closed at the end. */
  readonly opened?: boolean
  /** Reads all bytes and holds them against their CRC-32C. Default false. */
  readonly deep?: boolean
  /** Of which blobs a deep check reads the bytes; those of others count as read. Default: of all. */
  readonly reads?: (blob: BlobRef) => boolean
  /** Whether the database is asked whether it is whole, which takes it long at a stretch: not of rows that have just been compared. Default true. */
  readonly asksDatabase?: boolean
  /** As given to `openEngine`. Default ''. */
  readonly blobPrefix?: string
  /** Blobs kept in memory at once, some 70 bytes each; more are looked at in several passes. Default 1,000,000. */
  readonly blobsAtOnceMax?: number
  /** How many findings the report keeps; all are counted. Default 10,000. */
  readonly findingsMax?: number
  /** Aborting rejects with `signal.reason`; there is no report then. */
  readonly signal?: AbortSignal
  /** Hears how far it is, for a bar; often, so it must be quick. */
  readonly onProgress?: (step: FsckStep) => void
  /** Hears every finding when it is made. */
  readonly onFinding?: (finding: FsckFinding) => void
}

/** What `fsck` found, and what it looked at. */
export interface FsckReport {
  /** The first `findingsMax` ones. */
  readonly findings: readonly FsckFinding[]
  readonly counts: Readonly<Partial<Record<FsckKind, number>>>
  /** Findings that mean that bytes or names are lost, wrong or in danger. */
  readonly damage: number
  /** Findings that mean that space is lost. */
  readonly garbage: number
  readonly checked: FsckChecked
}

/** How much was looked at. */
export interface FsckChecked {
  /** Versions of objects, and parts. */
  readonly manifests: number
  readonly references: number
  /** In the backends. */
  readonly blobs: number
  /** Blobs that are reserved, or waiting for the collector: nothing is wrong with them. */
  readonly garbageRows: number
  /** Stored bytes that were verified; 0 unless `deep`. */
  readonly bytes: number
}

const FINDINGS_MAX = 10_000
const BLOBS_AT_ONCE_MAX = 1_000_000

/**
 * Holds everything that rows say against each other and against the backends: the oracle of what must always be true.
 * Changes nothing. Memory is bounded, however large the store is.
 *
 * For a store at rest: in one that is written to meanwhile (Postgres), what is found may be a change under way; ask
 * again. Rejects with what the stores reject with (`DirectoryInUse` where a server has the SQLite file), or with
 * `signal.reason`. A finding is not an error: see `damage`.
 */
export async function fsck(options: FsckOptions): Promise<FsckReport> {
  const { metadata, backends, opened = false, findingsMax = FINDINGS_MAX } = options
  if (!(Number.isInteger(findingsMax) && findingsMax >= 0)) {
    throw new StorageError('InvalidArgument', { argument: 'findingsMax', reason: 'is a whole number, 0 or more' })
  }
  const context: FsckContext = {
    metadata,
    backends: new Map(Object.entries(backends)),
    blobPrefix: options.blobPrefix ?? '',
    blobsAtOnceMax: Math.max(1, options.blobsAtOnceMax ?? BLOBS_AT_ONCE_MAX),
    findings: new Findings(findingsMax, options.onFinding),
    progress: new FsckProgress(options.onProgress),
    reads: options.reads ?? (() => true),
    signal: options.signal,
    unknownBackends: new Set(),
  }
  options.signal?.throwIfAborted()
  const thoroughness = { deep: options.deep ?? false, asksDatabase: options.asksDatabase ?? true }
  if (opened) return check(context, thoroughness)
  const closers: (() => Promise<void>)[] = []
  try {
    closers.push(() => metadata.close())
    await metadata.open()
    for (const backend of new Set(context.backends.values())) {
      closers.unshift(() => backend.close())
      await backend.init()
    }
    return await check(context, thoroughness)
  } finally {
    await closeAll(closers)
  }
}

async function check(
  context: FsckContext,
  { deep, asksDatabase }: Required<Pick<FsckOptions, 'deep' | 'asksDatabase'>>,
): Promise<FsckReport> {
  const { findings, progress, unknownBackends } = context
  if (asksDatabase) await checkDatabase(context)
  const checked = await checkRowsAndBlobs(context)
  if (deep) {
    progress.begin('bytes', checked.verifiableExtents, checked.verifiableBytes)
    await verifyBytes(context)
    progress.end()
    if (checked.unverifiable > 0) findings.add('bytes-unverified', { extents: checked.unverifiable })
  }
  for (const backendId of unknownBackends) findings.add('backend-unknown', { backendId })
  return {
    findings: findings.kept,
    counts: findings.counts,
    damage: findings.count('damage'),
    garbage: findings.count('garbage'),
    checked: {
      manifests: checked.manifests,
      references: checked.references,
      blobs: checked.blobs,
      garbageRows: checked.garbage,
      bytes: deep ? checked.verifiableBytes : 0,
    },
  }
}

async function checkDatabase({ metadata, findings, progress, signal }: FsckContext): Promise<void> {
  progress.begin('database', null)
  for (const reason of await metadata.inspection.integrity()) findings.add('database-damaged', { reason })
  for (const reason of await metadata.inspection.contradictions()) findings.add('rows-contradict', { reason })
  for await (const page of pagesOf((query) => metadata.inspection.strayInline(query), signal)) {
    for (const inlineId of page) findings.add('inline-stray', { inlineId })
  }
  progress.end()
}

type RowsAndBlobs = Omit<Awaited<ReturnType<typeof readManifests>>, 'table' | 'end'> &
  Omit<Awaited<ReturnType<typeof checkBlobs>>, 'suspects'>

/** In as many passes as the number of blobs needs; one, up to a million. Each pass is about other blobs. */
async function checkRowsAndBlobs(context: FsckContext): Promise<RowsAndBlobs> {
  const { metadata, progress } = context
  const { objects, versions, uploads } = await metadata.inspection.counts()
  let totals: RowsAndBlobs | null = null
  for (let start = 0; start < HASH_END;) {
    progress.begin('rows', objects + versions + uploads)
    const { table, end, ...rows } = await readManifests(context, { start, end: HASH_END })
    progress.end()
    progress.begin('blobs', null)
    const { suspects, ...blobs } = await checkBlobs(context, table, { start, end })
    await explainSuspects(context, suspects)
    progress.end()
    totals ??= { ...rows, ...blobs }
    start = end
  }
  return totals ?? { manifests: 0, references: 0, blobs: 0, garbage: 0, verifiableBytes: 0, verifiableExtents: 0, unverifiable: 0 }
}
