import type { Backend, BlobEntry } from '../../backend/backend.ts'
import type { BlobKey } from '../../backend/blob-key.ts'
import { isStorageError } from '../../errors/storage-error.ts'
import type { InspectedGarbage, InspectedReference } from '../../metadata/inspection.ts'
import { compareBytes } from '../../model/byte-order.ts'
import type { BlobRef } from '../../model/extent.ts'
import { assert } from '../../util/assert.ts'
import { isOwnBlob } from '../own-blob.ts'
import { hashOf } from './blob-table.ts'
import type { BlobTable } from './blob-table.ts'
import { sumOfMarks } from './check-rows.ts'
import type { HashRange } from './check-rows.ts'
import type { FsckContext } from './context.ts'
import { Cursor, pagesOf } from './cursor.ts'

/** A blob that rows and backend do not agree about; whom it concerns is found out afterwards. */
export interface SuspectBlob {
  readonly hash: number
  /** Null where only manifests name it. */
  readonly name: BlobRef | null
  /** In the backend; null where it is not there. */
  readonly size: number | null
  readonly references: readonly InspectedReference[]
}

/** What a pass over the blobs looked at. */
export interface BlobsPass {
  readonly suspects: readonly SuspectBlob[]
  readonly blobs: number
  readonly references: number
  readonly garbage: number
}

interface ListedBlob extends BlobRef, Pick<BlobEntry, 'size' | 'modifiedAt'> {}

/** Everything that is known of one blob. */
interface Gathered {
  readonly name: BlobRef
  readonly listed: ListedBlob | null
  readonly references: readonly InspectedReference[]
  readonly garbage: InspectedGarbage | null
}

/**
 * Walks what the backends have, what is counted and what is garbage side by side, all in the order of blobs' names, and
 * holds each blob against what the manifests said of it. Memory: a page of each, the references of one blob, the suspects.
 */
export async function checkBlobs(context: FsckContext, table: BlobTable, range: HashRange): Promise<BlobsPass> {
  const { metadata, progress, signal } = context
  const listed = new Cursor<ListedBlob>(listedBlobs(context))
  const references = new Cursor(pagesOf((query) => metadata.inspection.references(query), signal))
  const garbage = new Cursor(pagesOf((query) => metadata.inspection.garbage(query), signal))
  const counts = { blobs: 0, references: 0, garbage: 0 }
  const suspects: SuspectBlob[] = []
  try {
    await Promise.all([listed.advance(), references.advance(), garbage.advance()])
    for (let name = leastOf(listed, references, garbage); name !== null; name = leastOf(listed, references, garbage)) {
      const [blob] = await take(listed, name)
      const held = await take(references, name)
      const [state] = await take(garbage, name)
      progress.add()
      counts.blobs += blob === undefined ? 0 : 1
      counts.references += held.length
      counts.garbage += state === undefined ? 0 : 1
      const hash = hashOf(name)
      if (hash < range.start || hash >= range.end) continue
      const suspect = await judge(context, table, { name, listed: blob ?? null, references: held, garbage: state ?? null })
      if (suspect !== null) suspects.push(suspect)
    }
  } finally {
    await Promise.all([listed.close(), references.close(), garbage.close()])
  }
  for (const hash of table.unseen()) suspects.push({ hash, name: null, size: null, references: [] })
  return { ...counts, suspects }
}

function leastOf(...cursors: readonly Cursor<BlobRef>[]): BlobRef | null {
  let least: BlobRef | null = null
  for (const { current } of cursors) {
    if (current !== undefined && (least === null || compareNames(current, least) < 0)) least = current
  }
  return least === null ? null : { backendId: least.backendId, blob: least.blob }
}

/** The rows of a blob, of which the cursor stands on the first. */
async function take<T extends BlobRef>(cursor: Cursor<T>, name: BlobRef): Promise<readonly T[]> {
  const rows: T[] = []
  while (cursor.current !== undefined && compareNames(cursor.current, name) === 0) {
    rows.push(cursor.current)
    await cursor.advance()
  }
  return rows
}

function compareNames(a: BlobRef, b: BlobRef): number {
  return compareBytes(a.backendId, b.backendId) || compareBytes(a.blob, b.blob)
}

async function judge(context: FsckContext, table: BlobTable, gathered: Gathered): Promise<SuspectBlob | null> {
  const { findings, backends, unknownBackends } = context
  const { name, listed, references, garbage } = gathered
  const hash = hashOf(name)
  const row = table.see(hash)
  if (row === null && references.length === 0) {
    if (listed !== null && garbage === null) findings.add('blob-orphan', { ...listed })
    return null
  }
  if (garbage !== null) findings.add('garbage-referenced', { ...name, state: garbage.state })
  const backend = backends.get(name.backendId)
  if (backend === undefined) {
    unknownBackends.add(name.backendId)
    return null
  }
  const size = await sizeOf(context, backend, { name, listed, needed: row?.end ?? 0 })
  const isCounted = sumOfMarks(references) === (row?.sum ?? 0)
  const isThere = size !== null && size >= (row?.end ?? 0)
  return isCounted && isThere ? null : { hash, name, size, references }
}

interface SizeQuestion {
  readonly name: BlobRef
  readonly listed: ListedBlob | null
  readonly needed: number
}

/** The blob's size, or null where it is not there. A blob that is not named as ours is not listed: it is opened instead. */
async function sizeOf({ blobPrefix, signal }: FsckContext, backend: Backend, question: SizeQuestion): Promise<number | null> {
  const { name, listed, needed } = question
  if (listed !== null) return listed.size
  if (isOwnBlob(blobPrefix, name.blob)) return null
  try {
    const stream = await backend.get(name.blob, { range: { start: 0, end: needed }, ...(signal === undefined ? {} : { signal }) })
    stream.destroy()
    return needed
  } catch (error) {
    if (isStorageError(error) && error.code === 'BlobNotFound') return null
    if (isStorageError(error) && error.code === 'BlobDamaged') return 0
    throw error
  }
}

async function* listedBlobs({ backends, blobPrefix, signal }: FsckContext): AsyncGenerator<readonly ListedBlob[]> {
  for (const backendId of [...backends.keys()].sort(compareBytes)) {
    const entries = backends.get(backendId)?.list({ prefix: blobPrefix, ...(signal === undefined ? {} : { signal }) }) ?? []
    let before: BlobKey | null = null
    for await (const { key, size, modifiedAt } of entries) {
      signal?.throwIfAborted()
      assert(before === null || before < key, `backend '${backendId}' does not list in byte order, as its contract says`)
      before = key
      if (isOwnBlob(blobPrefix, key)) yield [{ backendId, blob: key, size, modifiedAt }]
    }
  }
}
