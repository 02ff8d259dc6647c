import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { KEY_FILES } from '../../stores/key-files.ts'
import { makeDataDirectory } from '../../stores/make-data-directory.ts'
import { copyWhole, namesIn, syncDirectory } from './backup-files.ts'
import type { BackupFacts } from './backup-manifest.ts'

/*
 * Keys belong to rows, which are sealed under them. So each backup has a folder for its own, which is there before its rows are, and those of
 * others go when they are: whatever stops it, there is one with rows and keys that belong together.
 */

const PREFIX = 'keys-'

/** Copies the master key and the first credentials that a data directory keeps; says whether it keeps any. */
export async function backUpKeys(from: string, to: string, { takenAt }: Pick<BackupFacts, 'takenAt'>): Promise<boolean> {
  const there = new Set(await namesIn(from))
  const kept = KEY_FILES.filter((name) => there.has(name))
  if (kept.length === 0) return false
  const folder = join(to, folderOf(takenAt))
  await makeDataDirectory(folder)
  await syncDirectory(to)
  for (const name of kept) await copyWhole(join(from, name), join(folder, name))
  return true
}

/** Removes the keys of all backups but this one. */
export async function removeOtherKeys(directory: string, { takenAt, keys }: Pick<BackupFacts, 'takenAt' | 'keys'>): Promise<void> {
  const own = keys ? folderOf(takenAt) : null
  const others = (await namesIn(directory)).filter((name) => name.startsWith(PREFIX) && name !== own)
  for (const name of others) await rm(join(directory, name), { recursive: true, force: true })
}

/** Copies the keys of a backup into a data directory, where it has any. Throws where they are not there. */
export async function restoreKeys(from: string, to: string, { takenAt, keys }: Pick<BackupFacts, 'takenAt' | 'keys'>): Promise<void> {
  if (!keys) return
  const folder = join(from, folderOf(takenAt))
  const there = new Set(await namesIn(folder))
  const kept = KEY_FILES.filter((name) => there.has(name))
  if (kept.length === 0) throw new Error(`The backup in ${from} is damaged: its keys are not there. Nothing of it is served.`)
  for (const name of kept) await copyWhole(join(folder, name), join(to, name))
}

/** Digits only: what a manifest says may have been through other hands, and becomes a path. */
function folderOf(takenAt: string): string {
  return `${PREFIX}${takenAt.replaceAll(/\D/g, '')}`
}
