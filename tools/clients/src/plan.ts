import { randomFrom } from '../../verify/src/step.ts'
import type { Transport } from './check-names.ts'

/** One client over one transport, and how large its upload in parts is. */
export interface Planned<C> {
  readonly client: C
  readonly transport: Transport
  readonly largeBytes: number
}

/** One byte more than a whole number of parts for everybody: rclone sends exactly 200 MiB in one piece. */
const LARGE_BYTES = 200 * 1024 ** 2 + 1
/** Above what any client sends in one piece, minio-go at most 16 MiB of it. */
const SAMPLE_LARGE_BYTES = 24 * 1024 ** 2 + 1

/** What is run: everything, or of a sample each client over one transport, one of them with the full size. */
export function planRuns<C>(
  clients: readonly C[],
  transports: readonly Transport[],
  sample: { readonly seed: number } | null,
): readonly Planned<C>[] {
  if (sample === null) return clients.flatMap((client) => transports.map((transport) => ({ client, transport, largeBytes: LARGE_BYTES })))
  const random = randomFrom(sample.seed)
  const pick = <T>(from: readonly T[]): readonly T[] => from.slice(Math.floor(random() * from.length)).slice(0, 1)
  const large = pick(clients)
  return clients.flatMap((client) =>
    pick(transports).map((transport) => ({ client, transport, largeBytes: large.includes(client) ? LARGE_BYTES : SAMPLE_LARGE_BYTES })),
  )
}
