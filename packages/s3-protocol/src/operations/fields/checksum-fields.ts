import type { ChecksumAlgorithm, ChecksumType, ObjectChecksum } from '@stowage/core'
import { S3Error } from '../../s3-error.ts'
import type { S3Headers } from '../../s3-headers.ts'

/** The algorithms, and how long a value is in base64. */
const BASE64_LENGTHS: Readonly<Record<ChecksumAlgorithm, number>> = { CRC32: 8, CRC32C: 8, CRC64NVME: 12, SHA1: 28, SHA256: 44 }
const ALGORITHMS: readonly ChecksumAlgorithm[] = ['CRC32', 'CRC32C', 'CRC64NVME', 'SHA1', 'SHA256']

/** The XML element of each algorithm, as in ListParts and CompleteMultipartUpload. */
export const CHECKSUM_ELEMENTS: readonly (readonly [element: string, algorithm: ChecksumAlgorithm])[] = ALGORITHMS.map((algorithm) => [
  `Checksum${algorithm}`,
  algorithm,
])

/** Takes an algorithm's name, in any case. */
export function readChecksumAlgorithm(name: string, header: string): ChecksumAlgorithm {
  const algorithm = ALGORITHMS.find((one) => one === name.toUpperCase())
  if (algorithm === undefined) {
    throw new S3Error(
      'InvalidRequest',
      `Checksum algorithm provided is unsupported. Please try again with any of the valid types: [${ALGORITHMS.join(', ')}]`,
      { fields: { ArgumentName: header } },
    )
  }
  return algorithm
}

/** The one `x-amz-checksum-*` header of a request, if there is one. */
export function readChecksumHeader(headers: S3Headers): { readonly algorithm: ChecksumAlgorithm; readonly value: string } | undefined {
  let found: { algorithm: ChecksumAlgorithm; value: string } | undefined
  for (const [name, value] of headers.all) {
    if (
      !name.startsWith('x-amz-checksum-') ||
      name === 'x-amz-checksum-algorithm' ||
      name === 'x-amz-checksum-type' ||
      name === 'x-amz-checksum-mode'
    )
      continue
    if (found !== undefined) {
      throw new S3Error('InvalidRequest', 'Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.')
    }
    found = { algorithm: readChecksumAlgorithm(name.slice('x-amz-checksum-'.length), name), value }
    if (!isChecksumValue(found)) throw new S3Error('InvalidRequest', `Value for ${name} header is invalid.`)
  }
  return found
}

/** Base64 of the right length; at Complete with the number of parts behind it. */
function isChecksumValue({ algorithm, value }: { readonly algorithm: ChecksumAlgorithm; readonly value: string }): boolean {
  const digest = value.replace(/-[0-9]{1,5}$/, '')
  return digest.length === BASE64_LENGTHS[algorithm] && /^[A-Za-z0-9+/]+={0,2}$/.test(digest)
}

/** x-amz-checksum-type: what the checksum of a multipart object is made over. */
export function readChecksumType(headers: S3Headers): ChecksumType | undefined {
  const value = headers.get('x-amz-checksum-type')
  if (value === undefined) return undefined
  if (value !== 'COMPOSITE' && value !== 'FULL_OBJECT') {
    throw new S3Error('InvalidRequest', 'Value for x-amz-checksum-type header is invalid.')
  }
  return value
}

/** The checksum of a whole object that a client states at Complete. */
export function readObjectChecksum(headers: S3Headers): ObjectChecksum | undefined {
  const found = readChecksumHeader(headers)
  if (found === undefined) return undefined
  const type = readChecksumType(headers) ?? (/-[0-9]+$/.test(found.value) ? 'COMPOSITE' : 'FULL_OBJECT')
  return { ...found, type }
}
