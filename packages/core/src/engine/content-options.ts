import type { DigestOptions, ExpectedDigest } from '../checksums/body-digests.ts'
import { checkSizeSoFar } from '../checksums/body-digests.ts'
import type { DigestAlgorithm } from '../checksums/checksum-algorithm.ts'
import { parseDigest } from '../checksums/object-checksum.ts'
import { StorageError } from '../errors/storage-error.ts'
import type { ChecksumAlgorithm } from '../model/object-checksum.ts'
import type { ExpectedContent } from './inputs.ts'

/** What a client said of the bytes it sends, read and checked before the first of them. */
export interface ContentOptions extends DigestOptions {
  /** The checksum that is kept beside the object; null where the client asked for none. */
  readonly kept: ChecksumAlgorithm | null
  /** What becomes known only behind the body. Throws where it is missing or malformed. */
  readonly late: () => readonly ExpectedDigest[]
}

/** What `ChecksumMismatch` names where `ExpectedContent.sha256` was wrong: a checksum that was asked for may be SHA-256 too. */
export const CONTENT_SHA256 = 'content-sha256'

const NOTHING_LATE = (): readonly ExpectedDigest[] => []
const PLAIN_DIGESTS: readonly DigestAlgorithm[] = ['MD5', 'CRC32C']

/** Reads what a client said. Throws `InvalidArgument`, or `ObjectTooLarge` for an announced size above `sizeMax` (bytes). */
export function contentOptions(expected: ExpectedContent, sizeMax: number): ContentOptions {
  const { size, md5, sha256, checksum, trailingChecksum } = expected
  if (size !== undefined && !(Number.isSafeInteger(size) && size >= 0)) {
    throw new StorageError('InvalidArgument', { argument: 'size', reason: 'is a whole number of bytes, 0 or more' })
  }
  const kept = checksum?.algorithm ?? trailingChecksum?.algorithm ?? expected.checksumAlgorithm ?? null
  const known: ExpectedDigest[] = []
  if (md5 !== undefined) known.push({ algorithm: 'MD5', digest: parseDigest('MD5', md5) })
  if (sha256 !== undefined) known.push({ algorithm: 'SHA256', digest: parseHexSha256(sha256), name: CONTENT_SHA256 })
  if (checksum !== undefined) known.push({ algorithm: checksum.algorithm, digest: parseDigest(checksum.algorithm, checksum.value) })
  const options: ContentOptions = {
    digests: kept === null ? PLAIN_DIGESTS : wanted(expected),
    expected: known,
    sizeMax,
    kept,
    late: trailingChecksum === undefined ? NOTHING_LATE : () => [readTrailer(trailingChecksum)],
    ...(size === undefined ? {} : { size }),
  }
  checkSizeSoFar(size ?? 0, { digests: options.digests, sizeMax })
  return options
}

function wanted({ checksum, trailingChecksum, checksumAlgorithm }: ExpectedContent): readonly DigestAlgorithm[] {
  const asked = [checksum?.algorithm, trailingChecksum?.algorithm, checksumAlgorithm].filter((algorithm) => algorithm !== undefined)
  return [...PLAIN_DIGESTS, ...asked]
}

function readTrailer(trailer: NonNullable<ExpectedContent['trailingChecksum']>): ExpectedDigest {
  const value = trailer.value()
  if (value === null)
    throw new StorageError('InvalidArgument', { argument: 'trailingChecksum', reason: 'the trailer that was announced did not come' })
  return { algorithm: trailer.algorithm, digest: parseDigest(trailer.algorithm, value) }
}

function parseHexSha256(text: string): Buffer {
  if (/^[0-9a-f]{64}$/i.test(text)) return Buffer.from(text, 'hex')
  throw new StorageError('InvalidArgument', { argument: 'sha256', reason: 'is not the hex of the 32 bytes of a digest' })
}
