import type { Readable } from 'node:stream'
import type { ChunkPieces } from './chunk-pieces.ts'
import type { GcsClientLike } from './client.ts'
import type { ParsedOptions } from './options.ts'
import type { Transport } from './transport.ts'

/** What the operations of one backend share, once it is ready. */
export interface Store {
  readonly options: ParsedOptions
  readonly client: GcsClientLike
  readonly transport: Transport
  /** Of puts that are done, for those to come. */
  readonly pieces: ChunkPieces
  /** Clean-ups that nobody waits for but `close`. They never reject. */
  readonly cleanups: Set<Promise<void>>
  /** Aborts with `Closed`, when clean-ups have had their time: nothing waits any more, and nothing is sent. */
  readonly closed: AbortSignal
  /** Streams that still want bytes of the service: `close` ends them. */
  readonly readers: Set<Readable>
}

/** Lets a clean-up go on by itself: what it cannot do the collector will. */
export function cleanUpLater(store: Store, cleanup: () => Promise<unknown>): void {
  const running = cleanup()
    .then(() => undefined)
    .catch(() => undefined)
    .finally(() => store.cleanups.delete(running))
  store.cleanups.add(running)
}
