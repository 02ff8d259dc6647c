import { createHash } from 'node:crypto'
import type { ChecksumAlgorithm } from '../../src/model/object-checksum.ts'

/** MD5 in hex: the ETag of an object written in one piece. */
export function md5Hex(bytes: Uint8Array): string {
  return createHash('md5').update(bytes).digest('hex')
}

/** The ETag of an object made of these parts. */
export function partsEtag(parts: readonly Uint8Array[]): string {
  return `${md5Hex(Buffer.concat(parts.map((part) => createHash('md5').update(part).digest())))}-${parts.length}`
}

/** Bit by bit, from the definition: shares nothing with what it checks. */
function crc(bytes: Uint8Array, width: 32 | 64, polynomial: bigint): Buffer {
  const ones = (1n << BigInt(width)) - 1n
  let register = ones
  for (const byte of bytes) {
    register ^= BigInt(byte)
    for (let bit = 0; bit < 8; bit += 1) register = (register & 1n) === 1n ? (register >> 1n) ^ polynomial : register >> 1n
  }
  return Buffer.from((register ^ ones).toString(16).padStart(width / 4, '0'), 'hex')
}

/** The digest of the bytes, by any algorithm of S3. */
export function referenceDigest(algorithm: ChecksumAlgorithm, bytes: Uint8Array): Buffer {
  switch (algorithm) {
    case 'CRC32':
      return crc(bytes, 32, 0xedb88320n)
    case 'CRC32C':
      return crc(bytes, 32, 0x82f63b78n)
    case 'CRC64NVME':
      return crc(bytes, 64, 0x9a6c9329ac4bc9b5n)
    case 'SHA1':
      return createHash('sha1').update(bytes).digest()
    case 'SHA256':
      return createHash('sha256').update(bytes).digest()
  }
}
