import type { IncomingMessage } from 'node:http'
import { types } from 'node:util'

/**
 * Lets the reader of a request's body give chunks back (`releaseChunk`), whose memory is then freed at once. Only for
 * messages that nobody but us reads: a chunk that was given back is empty for everybody.
 *
 * Node makes a buffer for each chunk. The collector of the runtime sees only their small heads, and runs when tens of
 * megabytes hang on them, over everything that lives.
 */
export function makeReleasable(message: IncomingMessage): void {
  Object.assign(message, { releaseChunk })
}

function releaseChunk({ buffer, byteLength }: Uint8Array): void {
  // A part of a larger buffer is not alone in it.
  if (!types.isArrayBuffer(buffer) || byteLength < buffer.byteLength || byteLength === 0) return
  // ES2024; every Node.js that we run on has it.
  if ('transfer' in buffer && typeof buffer.transfer === 'function') buffer.transfer(0)
}
