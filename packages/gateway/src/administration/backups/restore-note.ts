import { readFacts } from './backup-manifest.ts'
import type { BackupFacts } from './backup-manifest.ts'
import { readJsonFile, writeJsonFile } from './json-file.ts'

/** What was restored: the state that the backup is of. */
export interface Restored extends BackupFacts {
  /** What `stowage fsck --deep` found: of what the store had lost before it was backed up. */
  readonly damage: number
}

/** What a directory says of itself while something is restored into it. */
export interface RestoreNote {
  /** The directory of the backup. */
  readonly from: string
  /** Where rows and bytes go. */
  readonly to: string
  /** Which backup it is. */
  readonly completedAt: string
  /** What the schema that the rows go to is marked with meanwhile. */
  readonly copy: string
  /** Null until bytes and rows are there, and verified. */
  readonly restored: Restored | null
}

/** The file that is there meanwhile. */
export const RESTORE_NOTE = 'restore.json'

/** Null where nothing is being restored. */
export async function readRestoreNote(directory: string): Promise<RestoreNote | null> {
  const fields = await readJsonFile(directory, RESTORE_NOTE)
  if (fields === null) return null
  const restored = fields.fields('restored')
  return {
    from: fields.text('from'),
    to: fields.text('to'),
    completedAt: fields.text('completedAt'),
    copy: fields.text('copy'),
    restored: restored === null ? null : { ...readFacts(restored), damage: restored.optionalCount('damage') ?? 0 },
  }
}

/** Writes it, whole or not at all. */
export async function writeRestoreNote(directory: string, note: RestoreNote): Promise<void> {
  await writeJsonFile(directory, RESTORE_NOTE, note)
}
