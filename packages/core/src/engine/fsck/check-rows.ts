import type { InspectedManifest } from '../../metadata/inspection.ts'
import { addMarks, BlobTable, hashOf, markOf } from './blob-table.ts'
import type { FsckContext } from './context.ts'
import { pagesOf } from './cursor.ts'
import { holderOf } from './finding.ts'

/** What a pass over all manifests found out about the blobs whose hashes lie in a stretch. */
export interface RowsPass {
  readonly table: BlobTable
  /** Where the stretch ends that the pass covers; `HASH_END` at the last. */
  readonly end: number
  readonly manifests: number
  /** Stored bytes that have a CRC-32C. */
  readonly verifiableBytes: number
  readonly verifiableExtents: number
  /** Extents without one. */
  readonly unverifiable: number
}

/** Which hashes a pass is about. */
export interface HashRange {
  readonly start: number
  readonly end: number
}

/**
 * Reads every manifest. In the first pass, holds its size against its extents; in each, notes what it says of blobs in
 * the range. Where that is too much to keep, the range is halved while the pass goes on.
 */
export async function readManifests(context: FsckContext, range: HashRange): Promise<RowsPass> {
  const { metadata, signal, progress, blobsAtOnceMax } = context
  const table = new BlobTable()
  const first = range.start === 0
  let { end } = range
  let [manifests, verifiableBytes, verifiableExtents, unverifiable] = [0, 0, 0, 0]
  for await (const page of pagesOf((query) => metadata.inspection.manifests(query), signal)) {
    for (const manifest of page) {
      manifests += 1
      progress.add()
      if (first) checkManifest(context, manifest)
      note(table, manifest, { start: range.start, end })
      for (const extent of isVerified(manifest) ? manifest.extents : []) {
        if (extent.kind === 'missing-inline') continue
        if (extent.crc32c === null) unverifiable += 1
        else {
          verifiableExtents += 1
          verifiableBytes += extent.kind === 'inline' ? extent.bytes.length : extent.storedLength
        }
      }
      while (table.count > blobsAtOnceMax) {
        end = range.start + Math.ceil((end - range.start) / 2)
        table.cut(end)
      }
    }
  }
  return { table, end, manifests, verifiableBytes, verifiableExtents, unverifiable }
}

/** Whether a deep check reads a manifest's extents. Those of an object that was completed from parts are the parts' own. */
export function isVerified({ partCount }: InspectedManifest): boolean {
  return partCount === null
}

function note(table: BlobTable, manifest: InspectedManifest, { start, end }: HashRange): void {
  const mark = holds(manifest) ? markOf(manifest.manifestId, manifest.partNumber) : 0
  const marked = new Set<number>()
  for (const extent of manifest.extents) {
    if (extent.kind !== 'blob') continue
    const hash = hashOf(extent)
    if (hash < start || hash >= end) continue
    table.add(hash, extent.storedOffset + extent.storedLength, marked.has(hash) ? 0 : mark)
    marked.add(hash)
  }
}

/** Whether a manifest has references of its own. */
export function holds({ partCount }: InspectedManifest): boolean {
  return partCount === null
}

function checkManifest({ findings }: FsckContext, manifest: InspectedManifest): void {
  let length = 0
  for (const extent of manifest.extents) {
    length += extent.length
    const missing = extent.kind === 'missing-inline' || (extent.kind === 'inline' && isShort(extent))
    if (missing) findings.add('inline-missing', { holder: holderOf(manifest), length: extent.length })
  }
  if (length !== manifest.size) findings.add('size-wrong', { holder: holderOf(manifest), size: manifest.size, extents: length })
}

/** Encrypted bytes are longer than what they are of; how much longer is the scheme's business. */
function isShort({
  bytes,
  length,
  envelope,
}: {
  readonly bytes: Uint8Array
  readonly length: number
  readonly envelope: unknown
}): boolean {
  return envelope === null ? bytes.length !== length : bytes.length < length
}

/** The sum of holders' marks, as the table keeps it. */
export function sumOfMarks(rows: readonly { readonly manifestId: number; readonly partNumber: number | null }[]): number {
  return rows.reduce((sum, { manifestId, partNumber }) => addMarks(sum, markOf(manifestId, partNumber)), 0)
}
