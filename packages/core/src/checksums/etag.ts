import { sumOfDigests } from './object-checksum.ts'

/** The ETag of an object written in one piece, without its quotes: the MD5 of the bytes, in hex. */
export function plainEtag(md5: Buffer): string {
  return md5.toString('hex')
}

/** The ETag of an object made of parts, without its quotes: the MD5 of the parts' MD5s, in hex, and how many they are. */
export function multipartEtag(md5s: readonly Uint8Array[]): string {
  return `${sumOfDigests('MD5', md5s).toString('hex')}-${md5s.length}`
}
