import { StorageError } from '../errors/storage-error.ts'
import type { ChecksumAlgorithm, ChecksumType, ObjectChecksum } from '../model/object-checksum.ts'
import { digestLength, isCrc } from './checksum-algorithm.ts'
import type { DigestAlgorithm } from './checksum-algorithm.ts'
import { combineCrcs } from './combine-crc.ts'
import { createRunningChecksum } from './running-checksum.ts'

/** What a multipart checksum is made of. */
export interface PartDigest {
  /** Of the algorithm that is asked for. */
  readonly digest: Uint8Array
  /** How many bytes the part has. */
  readonly length: number
}

const PART_COUNT = /^[1-9]\d{0,4}$/

/** Reads a digest in base64, as clients send it. Throws `InvalidArgument` unless it has the algorithm's length and is canonical. */
export function parseDigest(algorithm: DigestAlgorithm, text: string): Buffer {
  const digest = Buffer.from(text, 'base64')
  // Node.js skips what is not base64, so only a text that comes out again was one.
  if (digest.length === digestLength(algorithm) && digest.toString('base64') === text) return digest
  const reason = `is not the base64 of the ${digestLength(algorithm)} bytes of a digest`
  throw new StorageError('InvalidArgument', { argument: algorithm, reason })
}

/**
 * Takes a checksum as S3 prints it, base64 or base64 with `-N` behind it, apart. Throws `InvalidArgument`. `partCount`
 * is null for the checksum of a whole object, N for that of its parts.
 */
export function parseChecksumValue(
  algorithm: ChecksumAlgorithm,
  text: string,
): { readonly digest: Buffer; readonly partCount: number | null } {
  const dash = text.indexOf('-')
  if (dash === -1) return { digest: parseDigest(algorithm, text), partCount: null }
  const count = text.slice(dash + 1)
  if (!PART_COUNT.test(count)) {
    throw new StorageError('InvalidArgument', { argument: algorithm, reason: 'has no number of parts from 1 to 99,999 behind the dash' })
  }
  return { digest: parseDigest(algorithm, text.slice(0, dash)), partCount: Number(count) }
}

/** The checksum of an object written in one piece. */
export function wholeChecksum(algorithm: ChecksumAlgorithm, digest: Buffer): ObjectChecksum {
  return { algorithm, type: 'FULL_OBJECT', value: digest.toString('base64') }
}

/**
 * The checksum of an object made of these parts, in order: COMPOSITE is the sum of the parts' digests with `-N` behind
 * it; FULL_OBJECT is that of all bytes, which only a CRC allows (`InvalidArgument`). No byte is read again.
 */
export function multipartChecksum(algorithm: ChecksumAlgorithm, type: ChecksumType, parts: readonly PartDigest[]): ObjectChecksum {
  if (type === 'COMPOSITE') {
    const composite = sumOfDigests(
      algorithm,
      parts.map((part) => part.digest),
    )
    return { algorithm, type, value: `${composite.toString('base64')}-${parts.length}` }
  }
  if (!isCrc(algorithm)) {
    throw new StorageError('InvalidArgument', { argument: 'checksumType', reason: `${algorithm} of a multipart upload is COMPOSITE` })
  }
  return { algorithm, type, value: combineCrcs(algorithm, parts).toString('base64') }
}

/** The sum of digests one behind the other. */
export function sumOfDigests(algorithm: DigestAlgorithm, digests: readonly Uint8Array[]): Buffer {
  const running = createRunningChecksum(algorithm)
  running.update(Buffer.concat(digests))
  return running.digest()
}
