import { rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { checkSnapshot, isStorageError } from '@stowage/core'
import { sqliteMetadata } from '@stowage/core/sqlite'
import { METADATA_FILE } from '../../stores/stores.ts'
import { copyWhole, removeDatabase, syncDirectory } from './backup-files.ts'
import { parseManifest } from './backup-manifest.ts'
import type { BackupManifest } from './backup-manifest.ts'

/** Rows of a backup, and where they go. */
export interface CopyRowsOptions {
  /** The directory of the backup. */
  readonly from: string
  /** What its file says of it. */
  readonly noted: BackupManifest
  /** The data directory. */
  readonly directory: string
  /** Hears how many rows of how many have been held against their digests. */
  readonly onProgress: (done: number, total: number) => void
  /** Stops it; it rejects then, and the next call begins anew. */
  readonly signal: AbortSignal | undefined
}

/** Until it is known to be what was backed up. */
const COPIED_FILE = 'metadata.copied.sqlite'

/**
 * Copies the rows of a backup into a directory, and holds them against their digests. They have their name only when they are whole, and a
 * mark that keeps everybody from serving them.
 */
export async function copyRows(options: CopyRowsOptions): Promise<void> {
  const { from, directory } = options
  const copied = join(directory, COPIED_FILE)
  await removeDatabase(copied)
  await copyWhole(join(from, METADATA_FILE), copied)
  await checkCopied(copied, options)
  await rename(copied, join(directory, METADATA_FILE))
  await rm(`${copied}.lock`, { force: true })
  await syncDirectory(directory)
}

async function checkCopied(file: string, { from, noted, onProgress, signal }: CopyRowsOptions): Promise<void> {
  const snapshot = sqliteMetadata({ file, openMarked: true, migrate: false })
  try {
    await snapshot.open()
  } catch (error) {
    // Of an earlier release: its rows have other columns as soon as they can be read.
    if (isStorageError(error) && error.code === 'SchemaTooOld') return
    throw error
  }
  try {
    const mark = await snapshot.copying.readMark()
    if (mark?.body.state !== 'backup') throw new Error(`${join(from, METADATA_FILE)} does not say that it is a backup.`)
    const own = parseManifest(mark.body['manifest'])
    // Between its last two steps a backup has its new rows beside the former file.
    const isSame = noted.completedAt !== own.completedAt || JSON.stringify(noted.tables) === JSON.stringify(own.tables)
    if (!isSame) throw new Error(`The backup in ${from} is damaged: its backup.json speaks of other rows. Nothing of it is served.`)
    await checkSnapshot({ snapshot, tables: own.tables, onProgress, ...(signal === undefined ? {} : { signal }) }).catch(
      (cause: unknown) => {
        if (!isStorageError(cause) || cause.code !== 'StoreNotUsable') throw cause
        throw new Error(`The backup in ${from} is damaged: ${cause.details.reason}. Nothing of it is served.`, { cause })
      },
    )
  } finally {
    await snapshot.close()
  }
}
