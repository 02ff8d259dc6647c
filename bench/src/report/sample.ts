import type { LoadResult } from '../load/load-plan.ts'
import type { Sample } from './results.ts'

/** Rates and latencies of a run. */
export function speedOf({ operations, seconds, bytes, p50, p99 }: LoadResult): Sample {
  return { opsPerSecond: operations / seconds, megabytesPerSecond: bytes / 1e6 / seconds, p50Ms: p50, p99Ms: p99 }
}

/** A sample as a line of progress. */
export function describeSample(sample: Sample): string {
  return Object.entries(sample)
    .map(([metric, value]) => `${metric} ${value < 10 ? value.toFixed(3) : value.toFixed(0)}`)
    .join('  ')
}
