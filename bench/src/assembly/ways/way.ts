import type { Readable } from 'node:stream'

/** How an object of many parts comes to be. Used once, in the order of its members. */
export interface Way {
  /** How many parts it takes at once, where that is less than is asked for. */
  readonly concurrencyMax: number
  start(): Promise<void>
  /** `index` counts from 0. */
  part(index: number, bytes: Buffer): Promise<void>
  /** Resolves when the object is there for good. */
  complete(): Promise<void>
  /** Resolves when what goes on behind Complete has ended; absent where nothing does. */
  settle?(): Promise<void>
  read(): Promise<Readable>
  close(): Promise<void>
}

/** As a socket gives them. */
const CHUNK_SIZE = 64 * 1024

/** Bytes as they would come from a client: no copies, so they cost nothing to make. */
export async function* inChunks(bytes: Buffer): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += CHUNK_SIZE) yield bytes.subarray(at, at + CHUNK_SIZE)
}
