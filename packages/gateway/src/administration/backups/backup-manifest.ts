import { parseBlobKey } from '@stowage/core/backend'
import { CheckedFields } from '../../stores/checked-fields.ts'
import { readJsonFile, writeJsonFile } from './json-file.ts'
import type { LostThing } from './lost-things.ts'

/** What a backup is of. */
export interface BackupFacts {
  /** Of this form of backups. */
  readonly format: 1
  /** The data directory that was backed up. */
  readonly from: string
  /** From when the rows are: all that was acknowledged before is in it. ISO 8601. */
  readonly takenAt: string
  /** When the last blob was there. ISO 8601. */
  readonly completedAt: string
  readonly rows: number
  /** SHA-256 over the rows of each table, as `stowage migrate` makes it. */
  readonly tables: readonly { readonly name: string; readonly rows: number; readonly digest: string }[]
  /** Those that the rows name. */
  readonly blobs: number
  readonly bytes: number
  /** Blobs that rows name and that the store did not have: they were lost before. */
  readonly missing: number
  /** Whether the master key and the first credentials are in it. */
  readonly keys: boolean
}

/** What a backup says of itself. */
export interface BackupManifest extends BackupFacts {
  /** What of it the store had lost before: a restore goes on over that, and over nothing else. */
  readonly lost: readonly LostThing[]
}

/** What makes a directory one of backups; a copy of what the snapshot says of itself. */
export const MANIFEST_FILE = 'backup.json'

/** Reads the manifest of a backup; 'unfinished' where none was completed yet, null where the directory is none of backups. */
export async function readManifest(directory: string): Promise<BackupManifest | 'unfinished' | null> {
  const fields = await readJsonFile(directory, MANIFEST_FILE)
  if (fields === null) return null
  return fields.has('completedAt') ? manifestOf(fields) : 'unfinished'
}

/** Writes it, whole or not at all. Null says that a backup has begun. */
export async function writeManifest(directory: string, manifest: BackupManifest | null): Promise<void> {
  await writeJsonFile(directory, MANIFEST_FILE, manifest ?? { format: 1 })
}

/** Reads a manifest that somebody wrote. Throws, with the place, for what is none. */
export function parseManifest(value: unknown): BackupManifest {
  return manifestOf(new CheckedFields(value, MANIFEST_FILE))
}

function manifestOf(fields: CheckedFields): BackupManifest {
  const facts = readFacts(fields)
  if (!fields.has('lost')) throw new Error(`${fields.at} does not say what had been lost before: another release made it.`)
  const lost = fields.list('lost').map((each, at) => {
    const thing = new CheckedFields(each, `${fields.at}.lost[${at}]`)
    const blob = thing.optionalText('blob')
    return { blob: blob === null ? null : parseBlobKey(blob), finding: thing.text('finding') }
  })
  return { ...facts, lost }
}

/** Reads what a backup is of. */
export function readFacts(fields: CheckedFields): BackupFacts {
  if (fields.optionalCount('format') !== 1) throw new Error('The backup was made by another release, which is needed to restore it.')
  const tables = fields.list('tables').map((each, at) => {
    const table = new CheckedFields(each, `${MANIFEST_FILE}.tables[${at}]`)
    return { name: table.text('name'), rows: table.optionalCount('rows') ?? 0, digest: table.text('digest') }
  })
  return {
    format: 1,
    from: fields.text('from'),
    takenAt: fields.text('takenAt'),
    completedAt: fields.text('completedAt'),
    rows: fields.optionalCount('rows') ?? 0,
    tables,
    blobs: fields.optionalCount('blobs') ?? 0,
    bytes: fields.optionalCount('bytes') ?? 0,
    missing: fields.optionalCount('missing') ?? 0,
    keys: fields.flag('keys'),
  }
}
