/** To a worker: the next bytes of a stream. A slab is transferred, and comes back. */
export interface HashRequest {
  readonly stream: number
  /** The hashes of the stream, by their names in node:crypto; with its first request. */
  readonly start?: readonly string[]
  readonly slab?: ArrayBuffer
  /** How many bytes of the slab count. */
  readonly length: number
  /** Whether these are the last bytes, and what becomes of the hashes. */
  readonly end?: 'digest' | 'abort'
}

/** From a worker. `null`: it has started and takes requests. */
export type HashReply = {
  readonly stream: number
  /** The slab of the request, if it had one. */
  readonly slab?: ArrayBuffer
  /** In the order of `start`; with the last reply of a stream, empty when it was aborted. */
  readonly digests?: readonly Uint8Array[]
} | null
