import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fsBackend } from '@stowage/backend-fs'
import { createIds, DEFAULT_LIMITS, fsck, moveMetadata } from '@stowage/core'
import type { Backend, FsckFinding, MetadataStore } from '@stowage/core'
import { copyBlobs } from '@stowage/core/backend'
import type { StoreCopying, StoreMark } from '@stowage/core/metadata'
import { sqliteMetadata } from '@stowage/core/sqlite'
import type { SqliteLock } from '@stowage/core/sqlite'
import type { BackendLocation } from '../../stores/backend-location.ts'
import { formatBackendLocation } from '../../stores/backend-location.ts'
import { BLOBS_FOLDER } from '../../stores/check-data-directory.ts'
import { readKeptBackend, writeKeptBackend } from '../../stores/kept-backend.ts'
import { makeDataDirectory } from '../../stores/make-data-directory.ts'
import { withMarkedMetadata } from '../../stores/marked-metadata.ts'
import type { PostgresLocation } from '../../stores/metadata-location.ts'
import { formatMetadataLocation } from '../../stores/metadata-location.ts'
import { openBackend } from '../../stores/open-backend.ts'
import { METADATA_FILE } from '../../stores/stores.ts'
import { restoreKeys } from './backed-up-keys.ts'
import { namesIn, removeDatabase } from './backup-files.ts'
import { lockForReading } from './backup-lock.ts'
import { parseManifest, readManifest } from './backup-manifest.ts'
import type { BackupManifest } from './backup-manifest.ts'
import { copyRows } from './copy-rows.ts'
import { lostThing } from './lost-things.ts'
import { referencedBlobs } from './referenced-blobs.ts'
import { readRestoreNote, RESTORE_NOTE, writeRestoreNote } from './restore-note.ts'
import type { Restored, RestoreNote } from './restore-note.ts'

/** What is restored where. */
export interface RestoreRequest {
  /** The directory of the backup, absolute. */
  readonly from: string
  /** The data directory, absolute: empty, not there, or what an interrupted restore has left. */
  readonly directory: string
  /** Where the rows go; null keeps them in the directory. */
  readonly metadata: PostgresLocation | null
  /** Where the bytes go. */
  readonly backend: BackendLocation
  /** How many blobs at once; null for the default. */
  readonly concurrency: number | null
}

/** How far it is. */
export interface RestoreStep {
  /** `look`: rows are held against their digests. `bytes`: what was restored is read and held against its checksums. `rows`: they go to Postgres. */
  readonly phase: 'look' | 'blobs' | 'bytes' | 'rows'
  readonly done: number
  readonly total: number
}

/** What hears of it, and stops it. */
export interface RestoreOptions {
  /** Hears of every blob, and of every page of rows. */
  readonly onProgress?: (step: RestoreStep) => void
  /** Stops it; it rejects then, and the next call goes on. */
  readonly signal?: AbortSignal
}

/**
 * Makes a store of a backup, in an empty directory, and an empty backend and schema where they are elsewhere. All of it is verified before it
 * may be served. Whatever stops it, the same call goes on. The backup is only read.
 */
export async function restore(request: RestoreRequest, options: RestoreOptions): Promise<Restored> {
  const { from } = request
  await readFinished(from)
  // While it is read nobody deletes what is in it.
  const lock = lockForReading(from)
  try {
    return await restoreLocked(request, options, lock)
  } finally {
    lock.release()
  }
}

async function readFinished(from: string): Promise<BackupManifest> {
  const manifest = await readManifest(from)
  if (manifest === null) throw new Error(`${from} is no directory of backups: it has no backup.json.`)
  if (manifest === 'unfinished') throw new Error(`The backup in ${from} was never finished.`)
  return manifest
}

async function restoreLocked(request: RestoreRequest, options: RestoreOptions, lock: SqliteLock): Promise<Restored> {
  const { from, directory, metadata } = request
  const noted = await readFinished(from)
  const rows = metadata === null ? directory : formatMetadataLocation(metadata)
  const to = `${rows}, with the bytes in ${formatBackendLocation(request.backend)}`
  const backend = await openBackend(request.backend, { dataDirectory: directory, presigning: false })
  try {
    const note = await begin(request, { from, to, completedAt: noted.completedAt, copy: createIds().uuid(), restored: null }, backend)
    const file = join(directory, METADATA_FILE)
    const isHere = (await namesIn(directory)).includes(METADATA_FILE)
    if (note.restored !== null && metadata !== null && !isHere) {
      await checkMovedOn(metadata, directory)
      await rm(join(directory, RESTORE_NOTE))
      return note.restored
    }
    if (!isHere) {
      const onProgress = (done: number, total: number): void => options.onProgress?.({ phase: 'look', done, total })
      await copyRows({ from, noted, directory, onProgress, signal: options.signal })
    }
    const store = sqliteMetadata({ file, openMarked: true })
    await store.open()
    const restored = await finish({ store, backend, request, options, note, lock }).finally(() => store.close())
    if (metadata !== null) await removeDatabase(file)
    await rm(join(directory, RESTORE_NOTE))
    return restored
  } finally {
    await backend.close()
  }
}

/** Sees that nothing is there, or what an interrupted restore of the same has left; and opens the backend. */
async function begin({ directory, metadata }: RestoreRequest, wanted: RestoreNote, backend: Backend): Promise<RestoreNote> {
  await makeDataDirectory(directory)
  const note = await readRestoreNote(directory)
  if (note !== null) {
    if (note.from !== wanted.from || note.to !== wanted.to) {
      const other = `the backup of ${note.completedAt} in ${note.from} to ${note.to}`
      throw new Error(`${directory} has what an interrupted restore has left, of ${other}. Go on with that, or empty the directory.`)
    }
    // What is all here needs no backup any more.
    if (note.restored === null && note.completedAt !== wanted.completedAt) throw replaced(note)
    await backend.init()
    if (metadata !== null && note.restored === null) await reserve(metadata, note)
    return note
  }
  const name = await nameInTheWay(directory)
  if (name !== null) throw new Error(`${directory} is not empty: it has ${name}. ${WHERE_NOTHING_IS}`)
  if (metadata !== null) await withMarkedMetadata(metadata, { mustExist: false }, checkEmpty)
  await backend.init()
  for await (const { key } of backend.list({ prefix: '' })) {
    throw new Error(`There are bytes in the backend already, such as ${key}. ${WHERE_NOTHING_IS}`)
  }
  await writeRestoreNote(directory, wanted)
  if (metadata !== null) await reserve(metadata, wanted)
  return wanted
}

/** Null where there is nothing but what a restore makes before it has noted that it has begun. */
async function nameInTheWay(directory: string): Promise<string | null> {
  for (const name of await namesIn(directory)) {
    if (name === `${RESTORE_NOTE}.new`) continue
    const within = name === BLOBS_FOLDER ? await readdir(join(directory, name), { recursive: true, withFileTypes: true }) : null
    if (within === null || within.some((each) => !each.isDirectory())) return name
  }
  return null
}

const BEGIN_ANEW = 'Empty the directory, and the backend and the schema where they are elsewhere, and begin anew.'

function replaced({ from, completedAt }: RestoreNote): Error {
  const gone = `The backup of ${completedAt} in ${from} is not there any more: a newer one has taken its place.`
  return new Error(`${gone} ${BEGIN_ANEW}`)
}

const WHERE_NOTHING_IS = 'What is restored goes where nothing is.'

/** Before hours of copying, not behind them. */
async function checkEmpty({ copying }: MetadataStore): Promise<void> {
  await markEmpty(copying, null)
}

/** Marks the schema as that of an unfinished copy: nobody serves it before the rows are there. */
async function reserve(location: PostgresLocation, { copy }: RestoreNote): Promise<void> {
  await withMarkedMetadata(location, { mustExist: false }, async ({ copying }) => {
    const mark = await copying.readMark()
    if (mark?.body['copy'] !== copy) await markEmpty(copying, { state: 'copying', copy, from: 'a backup', table: null, after: null })
  })
}

/** Nobody has it open: who did would keep the bytes of the restored store elsewhere once the mark is gone. */
async function markEmpty(copying: StoreCopying, mark: StoreMark['body'] | null): Promise<void> {
  const onlySilentForSeconds = DEFAULT_LIMITS.processLeaseSeconds
  const written = await copying.write({ expected: null, mark, onlyEmpty: true, onlySilentForSeconds })
  if (written.outcome === 'in-use') {
    const since = `A process said ${written.secondsAgo} seconds ago that it has it open`
    throw new Error(`The schema is in use. ${since}; one that was killed is believed dead after a minute.`)
  }
  if (written.outcome !== 'written') throw new Error(`There are rows in the schema already. ${WHERE_NOTHING_IS}`)
}

/** That rows which are no more in the directory are in Postgres: the file goes when they are, and the note last. */
async function checkMovedOn(location: PostgresLocation, directory: string): Promise<void> {
  await withMarkedMetadata(location, { mustExist: true }, async ({ copying }) => {
    if ((await copying.readMark()) !== null) throw unreadable(directory)
  })
}

function unreadable(directory: string): Error {
  return new Error(`What an interrupted restore has left in ${directory} cannot be read. ${BEGIN_ANEW}`)
}

interface Finishing {
  readonly store: MetadataStore
  readonly backend: Backend
  readonly request: RestoreRequest
  readonly options: RestoreOptions
  readonly note: RestoreNote
  readonly lock: SqliteLock
}

async function finish(work: Finishing): Promise<Restored> {
  const { store, request, options, note } = work
  const { metadata, directory } = request
  const mark = await store.copying.readMark()
  let { restored } = note
  if (mark?.body.state === 'backup') {
    restored = await fill(work, parseManifest(mark.body['manifest']))
    work.lock.release()
    await writeRestoreNote(directory, { ...note, restored })
    // From here on it may be served, or be moved on: it is not both at once.
    const moving = metadata === null ? null : ({ state: 'moving', copy: note.copy, to: formatMetadataLocation(metadata) } as const)
    await store.copying.write({ expected: mark.version, mark: moving })
  }
  if (restored === null) throw unreadable(directory)
  if (metadata !== null) await moveOn(store, metadata, options)
  return restored
}

/** Copies the blobs, says in the rows where they are, and verifies all of it. */
async function fill({ store, backend, request, options, note }: Finishing, manifest: BackupManifest): Promise<Restored> {
  const { onProgress, signal } = options
  const stoppable = signal === undefined ? {} : { signal }
  const source = fsBackend({ directory: request.from })
  await source.init()
  try {
    await copyBlobs(referencedBlobs(source, store), backend, {
      onProgress: (step) => onProgress?.({ phase: 'blobs', done: step.bytes, total: step.total.bytes }),
      ...(request.concurrency === null ? {} : { concurrency: request.concurrency }),
      ...stoppable,
    })
  } finally {
    await source.close()
  }
  await restoreKeys(request.from, request.directory, manifest)
  const { version } = await readKeptBackend(store)
  await writeKeptBackend(store, { current: request.backend, former: null, through: null }, version)
  const known = new Set(manifest.lost.map(({ finding }) => finding))
  const others = { count: 0, first: '' }
  const onFinding = (finding: FsckFinding): void => {
    // Rows are those of the store: their digests say so. What they contradict each other in, it had.
    const isKnown = finding.kind === 'rows-contradict' || known.has(lostThing(finding).finding)
    if (finding.severity !== 'damage' || isKnown) return
    others.count += 1
    others.first ||= finding.kind
  }
  const { damage } = await fsck({
    metadata: store,
    backends: { main: backend },
    opened: true,
    deep: true,
    findingsMax: 0,
    onFinding,
    onProgress: ({ phase, bytesDone, bytesTotal }) => {
      if (phase === 'bytes') onProgress?.({ phase, done: bytesDone, total: bytesTotal })
    },
    ...stoppable,
  })
  if (others.count > 0) {
    // Where no lock can be taken.
    if ((await readFinished(request.from)).completedAt !== note.completedAt) throw replaced(note)
    throw new Error(`The backup is damaged: ${others.count} findings, the first of them '${others.first}'. Nothing of it is served.`)
  }
  const { lost: _, ...facts } = manifest
  return { ...facts, damage }
}

/** Brings the rows into Postgres, where they are not there yet. */
async function moveOn(store: MetadataStore, location: PostgresLocation, { onProgress, signal }: RestoreOptions): Promise<void> {
  await withMarkedMetadata(location, { mustExist: false }, async (target) => {
    const isMoved = (await store.copying.readMark())?.body.state === 'moved'
    if (isMoved && (await target.copying.readMark()) === null) return
    await moveMetadata({
      from: store,
      to: target,
      names: { from: 'a backup', to: formatMetadataLocation(location) },
      onProgress: ({ phase, done, total }) => {
        if (phase === 'copy') onProgress?.({ phase: 'rows', done, total })
      },
      ...(signal === undefined ? {} : { signal }),
    })
  })
}
