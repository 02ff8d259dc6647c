import { digestBytes } from '../checksums/body-digests.ts'
import { contentOptions } from './content-options.ts'
import type { ExpectedContent } from './inputs.ts'

/**
 * Holds bytes that are all there against what a client said of them, as `putObject` does: for the documents of a protocol.
 * Throws `ChecksumMismatch`, `IncompleteBody`, or `InvalidArgument` for a claim that is malformed.
 */
export function verifyContent(bytes: Uint8Array, expected: ExpectedContent): void {
  const content = contentOptions(expected, Number.MAX_SAFE_INTEGER)
  digestBytes(bytes, content).verify(content.late())
}
