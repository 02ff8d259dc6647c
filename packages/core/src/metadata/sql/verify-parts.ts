import { multipartEtag } from '../../checksums/etag.ts'
import { multipartChecksum, parseChecksumValue } from '../../checksums/object-checksum.ts'
import type { PartDigest } from '../../checksums/object-checksum.ts'
import type { ObjectChecksum } from '../../model/object-checksum.ts'
import type { PartInfo, UploadInfo } from '../../model/upload.ts'
import type { CompletedPart, CompleteUploadCommand, CompleteUploadOutcome } from '../commands.ts'
import { bytesOf } from './column.ts'
import { countExtents, decodeExtents } from './extent-codec.ts'
import type { StoredExtent } from './extent-codec.ts'
import { PART_COLUMN_COUNT, readPartRow } from './part-row.ts'
import type { SqlRows } from './sql-driver.ts'

/** What a completed upload becomes. */
export interface CompletedContent {
  readonly size: number
  readonly etag: string
  readonly checksum: ObjectChecksum | null
  readonly partCount: number | null
  readonly extents: readonly StoredExtent[]
  /** Parts that were sent and are not listed. */
  readonly unlisted: readonly number[]
  /** Inline bytes of those parts. */
  readonly unlistedInline: readonly number[]
}

/** The content, or why the list is refused. */
export type VerifiedContent = { readonly refused: CompleteUploadOutcome } | { readonly refused: null; readonly content: CompletedContent }

interface StoredPart {
  readonly info: PartInfo
  readonly packed: Uint8Array
}

/** Holds the list of parts against the rows (`partColumns`, `extents`), in one pass over both. */
export function verifyParts(
  command: CompleteUploadCommand & { readonly parts: readonly CompletedPart[] },
  upload: { readonly info: UploadInfo; readonly manifestId: number },
  rows: SqlRows,
): VerifiedContent {
  const { manifestId } = upload
  const stored = new Map<number, StoredPart>()
  for (const row of rows) {
    const info = readPartRow(row)
    stored.set(info.partNumber, { info, packed: bytesOf(row[PART_COLUMN_COUNT]) })
  }
  const listed: PartInfo[] = []
  const packed: Uint8Array[] = []
  for (const part of command.parts) {
    const found = stored.get(part.partNumber)
    const reason = faultOf(part, { found: found?.info, before: listed.at(-1) })
    if (reason !== null || found === undefined) return invalid(part.partNumber, reason ?? '')
    listed.push(found.info)
    packed.push(found.packed)
    stored.delete(part.partNumber)
  }
  const refused = refuseSizes(command, listed)
  if (refused !== null) return { refused }
  const extentCount = packed.reduce((sum, bytes) => sum + countExtents(bytes), 0)
  if (extentCount > command.objectExtentsMax) return { refused: { outcome: 'too-many-extents' } }
  const checksum = checksumOf(upload.info, listed)
  if ('refused' in checksum) return checksum
  const wrong = refuseExpected(command, { size: sizeOf(listed), checksum: checksum.value })
  if (wrong !== null) return { refused: wrong }
  const etag = multipartEtag(listed.map((part) => Buffer.from(part.etag, 'hex')))
  const left = [...stored.values()]
  const content = {
    size: sizeOf(listed),
    etag,
    checksum: checksum.value,
    partCount: listed.length,
    extents: packed.flatMap((bytes) => decodeExtents(manifestId, bytes)),
    unlisted: left.map(({ info }) => info.partNumber),
    unlistedInline: left.flatMap(({ packed }) =>
      decodeExtents(manifestId, packed).flatMap((extent) => (extent.kind === 'inline' ? [extent.inlineId] : [])),
    ),
  }
  return { refused: null, content }
}

function invalid(partNumber: number, reason: string): VerifiedContent & { readonly refused: CompleteUploadOutcome } {
  return { refused: { outcome: 'invalid-part', partNumber, reason } }
}

function sizeOf(parts: readonly PartInfo[]): number {
  return parts.reduce((sum, part) => sum + part.size, 0)
}

interface Neighbours {
  readonly found: PartInfo | undefined
  readonly before: PartInfo | undefined
}

function faultOf(part: CompletedPart, { found, before }: Neighbours): string | null {
  if (before !== undefined && before.partNumber >= part.partNumber) return 'the parts are not in ascending order'
  if (found === undefined) return 'no such part was uploaded'
  if (found.etag !== part.etag) return 'the part has another ETag'
  const { checksum } = part
  if (checksum === undefined) return null
  const same = found.checksum?.algorithm === checksum.algorithm && found.checksum.value === checksum.value
  return same ? null : `the part has another ${checksum.algorithm}`
}

function refuseSizes(command: CompleteUploadCommand, listed: readonly PartInfo[]): CompleteUploadOutcome | null {
  if (listed.length === 0) return { outcome: 'invalid-part', partNumber: 0, reason: 'the list has no part' }
  const small = listed.find((part, index) => index < listed.length - 1 && part.size < command.partSizeMin)
  if (small !== undefined) return { outcome: 'part-too-small', partNumber: small.partNumber, size: small.size }
  const size = sizeOf(listed)
  return size > command.objectSizeMax ? { outcome: 'too-large', size } : null
}

function checksumOf(
  { checksum }: UploadInfo,
  listed: readonly PartInfo[],
): { readonly value: ObjectChecksum | null } | { readonly refused: CompleteUploadOutcome } {
  if (checksum === null) return { value: null }
  const digests: PartDigest[] = []
  for (const part of listed) {
    if (part.checksum?.algorithm !== checksum.algorithm) return invalid(part.partNumber, `the part has no ${checksum.algorithm}`)
    digests.push({ digest: parseChecksumValue(checksum.algorithm, part.checksum.value).digest, length: part.size })
  }
  return { value: multipartChecksum(checksum.algorithm, checksum.type, digests) }
}

/** Holds what the client expects of the whole against what it is. A checksum of another kind than the upload's cannot agree. */
export function refuseExpected(
  { expected }: CompleteUploadCommand,
  actual: { readonly size: number; readonly checksum: ObjectChecksum | null },
): CompleteUploadOutcome | null {
  const { size, checksum } = expected
  if (size !== undefined && size !== actual.size) return { outcome: 'size', expected: size, actual: actual.size }
  if (checksum === undefined) return null
  const { algorithm, value } = checksum
  const same = actual.checksum?.algorithm === algorithm && actual.checksum.value === value
  return same ? null : { outcome: 'checksum', algorithm, expected: value, actual: actual.checksum?.value ?? '' }
}
