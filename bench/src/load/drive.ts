import type { LoadResult } from './load-plan.ts'
import { quantile } from './statistics.ts'

/** How a step is repeated. */
export interface DriveOptions {
  readonly count: number
  readonly concurrency: number
  readonly secondsMax: number
  /** One operation; resolves to the bytes it moved. `lane` counts from 0 to below `concurrency`. */
  readonly step: (index: number, lane: number) => Promise<number>
}

/** Keeps so many steps under way until all are done or the time is up. The first failure ends it: a figure with errors in it is none. */
export async function drive({ count, concurrency, secondsMax, step }: DriveOptions): Promise<LoadResult> {
  const latencies = new Float64Array(count)
  let next = 0
  let done = 0
  let bytes = 0
  let last = 0
  const cpu = process.cpuUsage()
  const start = performance.now()
  const deadline = start + secondsMax * 1000
  const work = async (lane: number): Promise<void> => {
    for (let begun = performance.now(); next < count && begun < deadline; begun = last) {
      const moved = await step(next++, lane)
      // Not `bytes += await …`: that would add to what the sum was before the wait.
      bytes += moved
      last = performance.now()
      latencies[done++] = last - begun
    }
  }
  await Promise.all(Array.from({ length: concurrency }, (_, lane) => work(lane)))
  const used = process.cpuUsage(cpu)
  const sorted = latencies.subarray(0, done).sort()
  return {
    operations: done,
    seconds: (last - start) / 1000,
    bytes,
    p50: quantile(sorted, 0.5),
    p90: quantile(sorted, 0.9),
    p99: quantile(sorted, 0.99),
    clientCpuSeconds: (used.user + used.system) / 1e6,
  }
}
