import type { Readable } from 'node:stream'

/**
 * A stream whose chunks may be given back when nobody needs them any more, so that their memory is used again.
 *
 * Giving back is never needed: a chunk that stays with the consumer is the consumer's for good, and the collector of
 * the runtime takes it. A consumer that knows when a chunk has been used up (the callback of a socket's `write`)
 * saves the page faults of fresh memory by giving it back. After that it must not touch the chunk: other bytes will
 * appear in it. Whoever passes chunks on to others, or keeps any view of them, must not give them back.
 */
export interface LendingReadable extends Readable {
  /**
   * Takes back a chunk that this stream has delivered. Chunks of other streams, and those given back before, are
   * ignored, so a consumer may offer each chunk once without asking. Works after the stream has ended, too.
   */
  releaseChunk(chunk: Uint8Array): void
}

/** Whether the chunks of this stream may be given back. */
export function isLendingReadable(stream: Readable): stream is LendingReadable {
  return 'releaseChunk' in stream && typeof stream.releaseChunk === 'function'
}
