import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import { createIds, snapshotMetadata, systemClock } from '@stowage/core'
import type { Backend, FsckFinding, MetadataStore } from '@stowage/core'
import { copyBlobs } from '@stowage/core/backend'
import { sqliteMetadata } from '@stowage/core/sqlite'
import { makeDataDirectory } from '../../stores/make-data-directory.ts'
import { METADATA_FILE } from '../../stores/stores.ts'
import { backUpKeys, removeOtherKeys } from './backed-up-keys.ts'
import { makePrivate, namesIn, removeDatabase, syncDirectory, syncFile } from './backup-files.ts'
import { BACKUP_LOCK_FILE, lockForBackup } from './backup-lock.ts'
import { MANIFEST_FILE, readManifest, writeManifest } from './backup-manifest.ts'
import type { BackupFacts, BackupManifest } from './backup-manifest.ts'
import { BlobSieve } from './blob-sieve.ts'
import { removeUnreferenced, withDirectory } from './blobs-in-directory.ts'
import { holdGarbage } from './garbage-hold.ts'
import { checkApart } from './check-apart.ts'
import { findLost } from './lost-things.ts'
import type { FoundLost } from './lost-things.ts'
import { referencedBlobs } from './referenced-blobs.ts'

/** What is backed up where. */
export interface BackupRequest {
  /** A directory, absolute: empty, not there, or one of an earlier backup. */
  readonly to: string
  /** Whether the master key and the first credentials go with it. */
  readonly keys: boolean
  /** How many blobs at once; null for the default. */
  readonly concurrency: number | null
}

/** How far it is. */
export interface BackupStep {
  /** `bytes`: what is new is held against its checksums. */
  readonly phase: 'rows' | 'blobs' | 'bytes'
  /** Rows, blobs, or stretches of them. */
  readonly done: number
  readonly total: number
  /** Of all but rows: bytes of them, and of how many. */
  readonly bytesDone: number
  readonly bytesTotal: number
}

/** What hears of it, and stops it. */
export interface BackupOptions {
  /** Hears of every page of rows, and of every blob. */
  readonly onProgress?: (step: BackupStep) => void
  /** Stops it; it rejects then, and the next call does not copy again what is there. */
  readonly signal?: AbortSignal
}

/** What was backed up. */
export interface BackedUp extends BackupFacts {
  /** Blobs that were not there yet, and their bytes. */
  readonly copied: { readonly blobs: number; readonly bytes: number }
  /** Blobs of an earlier backup that no row names any more: deleted. */
  readonly removed: number
  /** How many things the backup lacks, or has damaged, because the store had lost them before. */
  readonly damage: number
  /** The first of them. */
  readonly findings: readonly FsckFinding[]
}

/** The parts of an open store that backing up is about. */
export interface BackedUpStore {
  readonly metadata: MetadataStore
  readonly backend: Backend
  /** Null where nothing is kept. */
  readonly dataDirectory: string | null
  /** Begins the names of all its blobs. Default ''. */
  readonly blobPrefix?: string
}

const NEXT_FILE = 'metadata.next.sqlite'

/**
 * Copies all rows of a store that is open, and may be in use, as they are at one moment, and then the blobs that they name; none of those is
 * deleted meanwhile. What an earlier backup has is not copied again, and stays restorable until the new one is complete.
 */
export async function backUp(store: BackedUpStore, request: BackupRequest, options: BackupOptions): Promise<BackedUp> {
  if (store.dataDirectory === null) throw new Error('A server that keeps its bytes in memory has nothing to back up.')
  const { to } = request
  await checkApart(to, { metadata: store.metadata, dataDirectory: store.dataDirectory })
  await checkDirectory(to)
  // Until the very end: a second one would take what the first has made for what a crash has left.
  const lock = lockForBackup(to)
  try {
    return await backUpAlone({ ...store, dataDirectory: store.dataDirectory }, request, options)
  } finally {
    lock.release()
  }
}

type StoreInDirectory = BackedUpStore & { readonly dataDirectory: string }

async function backUpAlone(store: StoreInDirectory, request: BackupRequest, options: BackupOptions): Promise<BackedUp> {
  const { to } = request
  const former = await beginIn(to)
  const hold = await holdGarbage(store.metadata, `backup ${createIds().uuid()}`)
  const next = await emptySnapshot(join(to, NEXT_FILE)).catch(async (error: unknown) => {
    await hold.release().catch(() => undefined)
    throw error
  })
  const signal = options.signal === undefined ? hold.signal : AbortSignal.any([hold.signal, options.signal])
  const work = { store, from: store.dataDirectory, former, next, request, options: { ...options, signal } }
  let done: { readonly manifest: BackupManifest; readonly copied: BackedUp['copied']; readonly findings: BackedUp['findings'] }
  try {
    const { facts, markVersion, copied, unproven } = await copyStore(work).finally(() => hold.release())
    const { lost, findings } = await lookAt(work, unproven)
    done = { manifest: { ...facts, lost }, copied, findings }
    const mark = { state: 'backup', manifest: { ...facts, lost: lost.map((each) => ({ ...each })) } } as const
    await next.copying.write({ expected: markVersion, mark })
  } finally {
    await next.close()
  }
  await syncFile(join(to, NEXT_FILE))
  await rename(join(to, NEXT_FILE), join(to, METADATA_FILE))
  await syncDirectory(to)
  await writeManifest(to, done.manifest)
  await removeOtherKeys(to, done.manifest)
  const removed = await removeUnreferenced(to)
  const { lost, ...facts } = done.manifest
  return { ...facts, copied: done.copied, removed, damage: lost.length, findings: done.findings }
}

/** Makes the directory, or sees that it is one of backups. */
async function checkDirectory(directory: string): Promise<void> {
  await makeDataDirectory(directory)
  if ((await readManifest(directory)) !== null) return
  // That much may be left of one that was killed at once.
  const name = (await namesIn(directory)).find((each) => each !== `${MANIFEST_FILE}.new` && each !== BACKUP_LOCK_FILE)
  if (name !== undefined) throw new Error(`${directory} is no directory of backups, and not empty: it has ${name}.`)
}

/** Makes it one of backups. Gives back the last one that is complete; null where none is. */
async function beginIn(directory: string): Promise<BackupManifest | null> {
  const manifest = await readManifest(directory)
  if (manifest === null) await writeManifest(directory, null)
  return manifest === 'unfinished' ? null : manifest
}

/** An open, empty store for the snapshot; what an interrupted backup has left of one goes. */
async function emptySnapshot(file: string): Promise<MetadataStore> {
  await removeDatabase(file)
  await makePrivate(file)
  // What a power cut takes of it is taken anew: it is synced once, when it is whole.
  const next = sqliteMetadata({ file, openMarked: true, durability: 'process' })
  await next.open()
  return next
}

interface Work {
  readonly store: BackedUpStore
  /** The data directory. */
  readonly from: string
  /** The last one that is complete. */
  readonly former: BackupManifest | null
  readonly next: MetadataStore
  readonly request: BackupRequest
  readonly options: BackupOptions & { readonly signal: AbortSignal }
}

interface CopiedStore {
  /** All that is known before the copy has been looked at. */
  readonly facts: BackupFacts
  readonly markVersion: number
  readonly copied: BackedUp['copied']
  /** Blobs that are not known to be whole. */
  readonly unproven: BlobSieve
}

async function copyStore({ store, from, former, next, request, options }: Work): Promise<CopiedStore> {
  const { to, keys } = request
  const { onProgress, signal } = options
  const takenAt = systemClock().toISOString()
  const { rows, tables, markVersion } = await snapshotMetadata({
    from: store.metadata,
    to: next,
    facts: { takenAt },
    onProgress: (done, total) => onProgress?.({ phase: 'rows', done, total, bytesDone: 0, bytesTotal: 0 }),
    signal,
  })
  const source = referencedBlobs(store.backend, next, store.blobPrefix)
  const unproven = new BlobSieve()
  const damaged = new Set(former?.lost.map(({ blob }) => blob))
  for (const blob of damaged) if (blob !== null) unproven.add(blob)
  const { blobs, bytes, present } = await withDirectory(to, (target) =>
    copyBlobs(source, target, {
      // What was written since may be what a power cut has left; and what was damaged may have been mended.
      trusts: ({ key, modifiedAt }) => former !== null && modifiedAt < new Date(former.completedAt) && !damaged.has(key),
      onRead: (key) => unproven.add(key),
      onProgress: (step) =>
        onProgress?.({ phase: 'blobs', done: step.blobs, total: step.total.blobs, bytesDone: step.bytes, bytesTotal: step.total.bytes }),
      signal,
      ...(request.concurrency === null ? {} : { concurrency: request.concurrency }),
    }),
  )
  const gone = source.found.blobs - blobs - present
  if (gone > 0) throw new Error(`${gone} blobs went while they were copied: something deletes them past this store.`)
  const hasKeys = keys && (await backUpKeys(from, to, { takenAt }))
  const completedAt = systemClock().toISOString()
  const facts = { format: 1, from, takenAt, completedAt, rows, tables, ...source.found, keys: hasKeys } as const
  return { facts, markVersion, copied: { blobs, bytes }, unproven }
}

/** Finds out what of the copy is not as its rows say. */
function lookAt({ request, next, options }: Work, unproven: BlobSieve): Promise<FoundLost> {
  const { onProgress, signal } = options
  return withDirectory(request.to, (backend) =>
    findLost({
      metadata: next,
      backend,
      reads: (blob) => unproven.mayHave(blob),
      onProgress: (step) => {
        if (step.phase === 'bytes') onProgress?.({ ...step, phase: 'bytes', total: step.total ?? step.done })
      },
      signal,
    }),
  )
}
