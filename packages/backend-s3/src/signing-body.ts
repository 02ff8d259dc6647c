import { addingHeaders } from './adding-headers.ts'
import type { Part } from './filling-part.ts'
import type { SentDigest } from './part-digests.ts'
import type { Store } from './store.ts'

/** Source: "Signature calculations: transferring payload in a single chunk" in the Amazon S3 API reference. */
const HEADER = 'x-amz-content-sha256'

/** Whether parts need a SHA-256: where their requests go unencrypted, as far as the options say. */
export function needsSha256({ options }: Store): boolean {
  return options.connection.endpoint?.startsWith('http:') === true
}

/**
 * Middleware that says what the signature of a request says of its bytes. In the clear that is their SHA-256, the one thing that keeps others
 * on the way from changing them; it was made while they were collected. Under TLS nobody is on the way, and the CRC-32 that the service
 * confirms finds what fails at its ends: UNSIGNED-PAYLOAD. Of Content-MD5 a service confirms nothing; there the SHA-256, which none can leave
 * unread, is signed, too. A client that was given in does as it was told.
 */
export function signingBody(
  { options }: Store,
  { part: { sha256 }, digest }: { readonly part: Part; readonly digest: SentDigest },
): ReturnType<typeof addingHeaders> {
  return addingHeaders(({ protocol }) => {
    if (options.connection.client !== undefined) return {}
    if (protocol === 'https:' && !options.signsBodies && 'ChecksumCRC32' in digest) return { [HEADER]: 'UNSIGNED-PAYLOAD' }
    // Without it the vendor's client makes it.
    return sha256 === null ? {} : { [HEADER]: sha256 }
  })
}
