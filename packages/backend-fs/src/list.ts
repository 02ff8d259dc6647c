import type { BlobEntry, BlobKey, ListBlobsOptions } from '@stowage/core/backend'
import { mapBounded } from './bounded.ts'
import { errorCode, translate } from './errors.ts'
import { blobPath, FAN_OUT, readEntry } from './paths.ts'
import type { FanOutEntry } from './paths.ts'
import type { Store } from './store.ts'

/** How many files are looked at together. */
const STAT_BATCH = 256

/** A level of the tree: a directory relative to the root, '' or ending in a slash, and what the keys below it begin with. */
interface Level {
  readonly directory: string
  readonly keyPrefix: string
}

/** Lists blobs as `Backend.list` promises. Holds the names of one directory for each level of the keys. */
export async function* listBlobs(store: Store, options: ListBlobsOptions): AsyncGenerator<BlobEntry> {
  try {
    yield* listLevel(store, { directory: '', keyPrefix: '' }, options)
  } catch (error) {
    throw options.signal?.aborted === true ? options.signal.reason : translate(error, { operation: 'list' })
  }
}

async function* listLevel(store: Store, level: Level, options: ListBlobsOptions): AsyncGenerator<BlobEntry> {
  for (const fan of await fansOf(store, level)) {
    if (!mayHold(level.keyPrefix + fan, options)) continue
    options.signal?.throwIfAborted()
    const directory = level.directory + fan
    let blobs: BlobKey[] = []
    for (const entry of await readFan(store, level, fan)) {
      if (entry.kind === 'blob') {
        if (isWanted(entry.key, options)) blobs.push(entry.key)
        if (blobs.length < STAT_BATCH) continue
      } else if (!mayHold(entry.keyPrefix, options)) continue
      yield* statAll(store, blobs)
      blobs = []
      options.signal?.throwIfAborted()
      if (entry.kind === 'namespace') {
        yield* listLevel(store, { directory: `${directory}/${entry.name}/`, keyPrefix: entry.keyPrefix }, options)
      }
    }
    yield* statAll(store, blobs)
  }
}

/** The fan-out directories of a level, in byte order. */
async function fansOf(store: Store, level: Level): Promise<readonly string[]> {
  // The root has all of them. Where one is missing the disk is not the one we know, and the walk must fail.
  if (level.directory === '') return FAN_OUT
  const names = new Set(await store.fileSystem.readdir(`${store.root}/${level.directory}`))
  return FAN_OUT.filter((fan) => names.has(fan))
}

/** What lies in one fan-out directory, in the byte order of the keys. */
async function readFan(store: Store, level: Level, fan: string): Promise<FanOutEntry[]> {
  const names = await store.fileSystem.readdir(`${store.root}/${level.directory}${fan}`)
  const entries: FanOutEntry[] = []
  for (const name of names) {
    const entry = readEntry(level.keyPrefix, fan, name)
    if (entry !== null) entries.push(entry)
  }
  // All of it is ASCII, so the order of strings is the order of bytes. A namespace stands where its first key does.
  return entries.sort((a, b) => (orderOf(a) < orderOf(b) ? -1 : 1))
}

function orderOf(entry: FanOutEntry): string {
  return entry.kind === 'blob' ? entry.key : entry.keyPrefix
}

async function* statAll(store: Store, keys: readonly BlobKey[]): AsyncGenerator<BlobEntry> {
  for (const entry of await mapBounded(keys, (key) => stat(store, key))) if (entry !== null) yield entry
}

/** Null for what is no blob (any more): deleted meanwhile, being written, somebody's directory. */
async function stat(store: Store, key: BlobKey): Promise<BlobEntry | null> {
  try {
    const stats = await store.fileSystem.lstat(`${store.root}/${blobPath(key).file}`)
    if (!stats.isFile() || store.unreadable.get(key) === 'being written') return null
    return { key, size: stats.size, modifiedAt: stats.mtime }
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null
    throw error
  }
}

/** Whether the listing may want a key that begins so. */
function mayHold(start: string, { prefix, after }: ListBlobsOptions): boolean {
  if (!start.startsWith(prefix) && !prefix.startsWith(start)) return false
  return after === undefined || start > after || after.startsWith(start)
}

function isWanted(key: BlobKey, { prefix, after }: ListBlobsOptions): boolean {
  return key.startsWith(prefix) && (after === undefined || key > after)
}
