import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import type { Part } from './filling-part.ts'
import type { ServiceTraits } from './store.ts'

/** CRC-32 of bytes that follow others; 0 for none. */
export function crc32Of(bytes: Uint8Array, before = 0): number {
  return crc32(bytes, before)
}

/** A CRC-32 as S3 writes it: base64 of its four bytes, the highest first. */
export function encodeCrc32(value: number): string {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes.toString('base64')
}

/** What goes up beside bytes, so that the service notices when others arrive. */
export type SentDigest = { readonly ChecksumCRC32: string } | { readonly ContentMD5: string }

/** The digest of a part, or of a whole blob, in the form that the service knows. */
export function digestOf(traits: ServiceTraits, { bytes, crc32: sum }: Part): SentDigest {
  return traits.checksum === 'crc32'
    ? { ChecksumCRC32: encodeCrc32(sum) }
    : { ContentMD5: createHash('md5').update(bytes).digest('base64') }
}

/**
 * What an answer says of the bytes that came with a digest. `confirmed`: the service has the same sum, or has refused others (Content-MD5).
 * `other`: it has another sum. `silent`: it took no notice of the digest.
 */
export function confirmation(sent: SentDigest, answer: { readonly ChecksumCRC32?: string | undefined }): 'confirmed' | 'other' | 'silent' {
  if ('ContentMD5' in sent) return 'confirmed'
  if (answer.ChecksumCRC32 === undefined) return 'silent'
  return answer.ChecksumCRC32 === sent.ChecksumCRC32 ? 'confirmed' : 'other'
}
