import type { DigestAlgorithm } from './checksum-algorithm.ts'

/** To a worker: the next bytes of a stream. They lie in memory that both threads see; only its number is sent. */
export interface HashRequest {
  readonly stream: number
  /** What is computed over the stream; with its first request. */
  readonly start?: readonly DigestAlgorithm[]
  /** The number of the slab the bytes are in. */
  readonly slab?: number
  /** The slab itself, when the worker hears of it for the first time. */
  readonly memory?: SharedArrayBuffer
  /** How many bytes of the slab count. */
  readonly length: number
  /** Whether these are the last bytes, and what becomes of the digests. */
  readonly end?: 'digest' | 'abort'
}

/** To a worker: a slab that will not be used again, by its number. */
export interface ForgetSlab {
  readonly forget: number
}

/** From a worker. `null`: it has started and takes requests. */
export type HashReply = {
  readonly stream: number
  /** The slab of the request, if it had one: the worker has read it. */
  readonly slab?: number
  /** In the order of `start`; with the last reply of a stream, empty when it was aborted. */
  readonly digests?: readonly Uint8Array[]
} | null
