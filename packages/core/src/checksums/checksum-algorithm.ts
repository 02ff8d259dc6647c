import { StorageError } from '../errors/storage-error.ts'
import type { ChecksumAlgorithm, ChecksumType } from '../model/object-checksum.ts'

/** The checksums that can be combined from parts without reading the bytes again. */
export type CrcAlgorithm = Extract<ChecksumAlgorithm, 'CRC32' | 'CRC32C' | 'CRC64NVME'>

/** Everything that is computed over a body: what S3 calls checksums, and MD5, which is the ETag. */
export type DigestAlgorithm = ChecksumAlgorithm | 'MD5'

interface Facts {
  readonly digestLength: number
  /** What a multipart upload may have; the first is what it has when nothing was said. */
  readonly multipartTypes: readonly ChecksumType[]
}

/** AWS, "Checking object integrity": the table of full object and composite types. */
const FACTS: Readonly<Record<ChecksumAlgorithm, Facts>> = {
  CRC32: { digestLength: 4, multipartTypes: ['COMPOSITE', 'FULL_OBJECT'] },
  CRC32C: { digestLength: 4, multipartTypes: ['COMPOSITE', 'FULL_OBJECT'] },
  CRC64NVME: { digestLength: 8, multipartTypes: ['FULL_OBJECT'] },
  SHA1: { digestLength: 20, multipartTypes: ['COMPOSITE'] },
  SHA256: { digestLength: 32, multipartTypes: ['COMPOSITE'] },
}

const MD5_LENGTH = 16

/** Takes a name, in any case, for an algorithm, or throws `InvalidArgument`. */
export function parseChecksumAlgorithm(name: string): ChecksumAlgorithm {
  const upper = name.toUpperCase()
  if (Object.hasOwn(FACTS, upper)) return upper as ChecksumAlgorithm
  throw new StorageError('InvalidArgument', { argument: 'checksumAlgorithm', reason: `is none of ${Object.keys(FACTS).join(', ')}` })
}

/** How many bytes a digest has. */
export function digestLength(algorithm: DigestAlgorithm): number {
  return algorithm === 'MD5' ? MD5_LENGTH : FACTS[algorithm].digestLength
}

/** Whether the full-object checksum follows from those of the parts. */
export function isCrc(algorithm: ChecksumAlgorithm): algorithm is CrcAlgorithm {
  return FACTS[algorithm].multipartTypes.includes('FULL_OBJECT')
}

/**
 * The type of checksum that a multipart upload will have: the wanted one, or the algorithm's default. Throws
 * `InvalidArgument` where the algorithm has no such type. An object written in one piece is always FULL_OBJECT.
 */
export function multipartChecksumType(algorithm: ChecksumAlgorithm, wanted?: ChecksumType): ChecksumType {
  const types = FACTS[algorithm].multipartTypes
  const type = wanted ?? types[0]
  if (type !== undefined && types.includes(type)) return type
  throw new StorageError('InvalidArgument', {
    argument: 'checksumType',
    reason: `${algorithm} of a multipart upload is ${types.join(' or ')}`,
  })
}
