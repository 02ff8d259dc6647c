import pLimit from 'p-limit'
import { crc32c } from '../../checksums/crc32c.ts'
import { isLendingReadable } from '../../backend/lending-readable.ts'
import { isStorageError } from '../../errors/storage-error.ts'
import type { InspectedManifest } from '../../metadata/inspection.ts'
import type { Extent } from '../../model/extent.ts'
import { isVerified } from './check-rows.ts'
import type { FsckContext } from './context.ts'
import { pagesOf } from './cursor.ts'
import { holderOf } from './finding.ts'

/** Blobs read at once: enough to keep a disk or a remote store busy, few enough to leave memory alone. */
const READS_AT_ONCE = 4
/** Stretches remembered as verified, because copies share them. */
const REMEMBERED_MAX = 100_000

type BlobExtent = Extract<Extent, { readonly kind: 'blob' }>

/** Holds the stored bytes of every extent that has a CRC-32C against it, each stretch once, several at a time. */
export async function verifyBytes(context: FsckContext): Promise<void> {
  const { metadata, progress, reads, signal } = context
  const limit = pLimit(READS_AT_ONCE)
  const verified = new Set<string>()
  for await (const page of pagesOf((query) => metadata.inspection.manifests(query), signal)) {
    const tasks: Promise<void>[] = []
    for (const manifest of page) {
      for (const extent of isVerified(manifest) ? manifest.extents : []) {
        if (extent.kind === 'missing-inline' || extent.crc32c === null) continue
        if (extent.kind === 'inline') compare(context, manifest, { extent, actual: crc32c(extent.bytes) })
        else if (!reads(extent) || !isNew(verified, extent)) progress.add(extent.storedLength)
        else tasks.push(limit(() => verifyBlob(context, manifest, extent)))
      }
    }
    // A page at a time: what is read ahead is bounded, and an abort ends it here.
    await Promise.all(tasks)
  }
}

function isNew(verified: Set<string>, { backendId, blob, storedOffset, storedLength, crc32c }: BlobExtent): boolean {
  const name = `${backendId} ${blob} ${storedOffset} ${storedLength} ${crc32c}`
  if (verified.has(name)) return false
  if (verified.size === REMEMBERED_MAX) verified.clear()
  verified.add(name)
  return true
}

async function verifyBlob(context: FsckContext, manifest: InspectedManifest, extent: BlobExtent): Promise<void> {
  const { findings, signal } = context
  const { backendId, blob } = extent
  try {
    const actual = await crcOf(context, extent)
    if (actual !== null) compare(context, manifest, { extent, actual })
  } catch (error) {
    signal?.throwIfAborted()
    if (!isStorageError(error)) throw error
    // Found by its size already.
    if (error.code === 'BlobNotFound' || error.code === 'BlobDamaged') return
    findings.add('blob-unreadable', { backendId, blob, holder: holderOf(manifest), reason: error.message })
  }
}

/** Null where the backend is not known. */
async function crcOf({ backends, signal }: FsckContext, extent: BlobExtent): Promise<number | null> {
  const { storedOffset, storedLength } = extent
  const backend = backends.get(extent.backendId)
  if (backend === undefined) return null
  const range = { start: storedOffset, end: storedOffset + storedLength }
  const stream = await backend.get(extent.blob, { range, ...(signal === undefined ? {} : { signal }) })
  const chunks: AsyncIterable<Uint8Array> = stream
  let crc = 0
  for await (const chunk of chunks) {
    crc = crc32c(chunk, crc)
    if (isLendingReadable(stream)) stream.releaseChunk(chunk)
  }
  return crc
}

interface Comparison {
  readonly extent: Extent
  readonly actual: number
}

function compare({ findings, progress }: FsckContext, manifest: InspectedManifest, { extent, actual }: Comparison): void {
  progress.add(extent.kind === 'inline' ? extent.bytes.length : extent.storedLength)
  const expected = extent.crc32c
  if (expected === null || expected === actual) return
  const blob = extent.kind === 'inline' ? null : { backendId: extent.backendId, blob: extent.blob }
  findings.add('bytes-damaged', { holder: holderOf(manifest), blob, expected, actual })
}
