import type { UpstreamKind, WayName } from './cell.ts'

/** An object that is assembled, by the name that `--sizes` takes. */
export interface ObjectSize {
  readonly id: SizeId
  readonly title: string
  readonly parts: number
  readonly partSize: number
  /** Parts under way at once. */
  readonly concurrency: number
  readonly rounds: number
}

/** The names of the sizes. */
export const SIZE_IDS = ['64m', '1g', '10000'] as const

/** The name of a size. */
export type SizeId = (typeof SIZE_IDS)[number]

const KIB = 1024
const MIB = 1024 * KIB

/** Clients of vendors send parts of 8 MiB unless they are told otherwise; S3 takes none below 5 MiB, so that these are what goes there directly. */
export const DIRECT_PART_SIZE: number = 8 * MIB

/**
 * What is assembled. Ten thousand parts of 5 MiB would be 52 GB for each way and upstream: these are small ones, which the engine's
 * limit lets in, because what ten thousand parts cost is requests and rows.
 */
export const SIZES: readonly ObjectSize[] = [
  { id: '64m', title: '64 MiB, 8 parts of 8 MiB', parts: 8, partSize: 8 * MIB, concurrency: 4, rounds: 3 },
  { id: '1g', title: '1 GiB, 128 parts of 8 MiB', parts: 128, partSize: 8 * MIB, concurrency: 4, rounds: 3 },
  { id: '10000', title: '10,000 parts of 32 KiB (328 MB)', parts: 10_000, partSize: 32 * KIB, concurrency: 16, rounds: 1 },
]

/** The same in small, to see whether it works. */
export const QUICK_SIZES: readonly ObjectSize[] = [
  { id: '64m', title: '16 MiB, 2 parts of 8 MiB', parts: 2, partSize: 8 * MIB, concurrency: 4, rounds: 1 },
  { id: '1g', title: '32 MiB, 4 parts of 8 MiB', parts: 4, partSize: 8 * MIB, concurrency: 4, rounds: 1 },
  { id: '10000', title: '300 parts of 32 KiB', parts: 300, partSize: 32 * KIB, concurrency: 16, rounds: 1 },
]

/** All ways, in the order of a round and of the report. */
export const WAYS: readonly WayName[] = ['direct', 'stowage', 'stowage, joined', 'concatenate', 're-upload']

/** All upstreams, in the order of the report. */
export const UPSTREAMS: readonly UpstreamKind[] = ['fs', 's3', 'gcs']

/** A measurement that may be made. */
export interface Turn {
  readonly upstream: UpstreamKind
  readonly way: WayName
  readonly round: number
  readonly size: Pick<ObjectSize, 'parts' | 'partSize'>
}

/** S3's own bound for parts, and so for what is joined there. */
const S3_PART_SIZE_MIN = 5 * MIB

/** fake-gcs-server takes a minute for a GiB that comes in chunks, and less than a second for 64 MiB. */
const GCS_CHUNKED_SIZE_MAX = 512 * MIB

/** What is copied by chunks of a session at Complete. */
const NAIVE: readonly WayName[] = ['concatenate', 're-upload']

/** Whether it is worth its time. What is not judged is measured once; files are not joined, nor are small parts on S3. */
export function isMeasured({ upstream, way, round, size: { parts, partSize } }: Turn): boolean {
  if (way === 'direct' || way === 'stowage') return true
  if (way === 'stowage, joined' && (upstream === 'fs' || (upstream === 's3' && partSize < S3_PART_SIZE_MIN))) return false
  if (upstream === 'gcs' && NAIVE.includes(way) && parts * partSize > GCS_CHUNKED_SIZE_MAX) return false
  return round === 1
}
