import { median } from '../load/statistics.ts'
import type { CellResult, UpstreamKind, WayName } from './cell.ts'
import type { SizeId } from './sizes.ts'

/** What one cell was measured at, in the units of the report: MB are 10⁶ bytes, MiB 2²⁰. */
export interface AssemblySample {
  readonly round: number
  readonly partsMegabytesPerSecond: number
  readonly completeMs: number
  /** Object bytes ÷ latency of Complete. */
  readonly assemblyMegabytesPerSecond: number
  /** Object bytes ÷ the time of parts and Complete together. */
  readonly uploadMegabytesPerSecond: number
  readonly getMegabytesPerSecond: number
  readonly firstByteMs: number
  readonly uploadRssMib: number
  readonly getRssMib: number
  readonly joinSeconds: number | null
  readonly requests: CellResult['requests']
}

/** A figure of a sample. */
export type AssemblyMetric = Exclude<keyof AssemblySample, 'requests' | 'round' | 'joinSeconds'>

/** All samples of one way to one upstream. */
export interface AssemblyLane {
  readonly size: SizeId
  readonly upstream: UpstreamKind
  readonly way: WayName
  readonly samples: AssemblySample[]
}

/** What was measured becomes figures. */
export function sampleOf(result: CellResult, bytes: number, round: number): AssemblySample {
  const rate = (seconds: number): number => bytes / 1e6 / seconds
  return {
    round,
    partsMegabytesPerSecond: rate(result.partsSeconds),
    completeMs: result.completeSeconds * 1000,
    assemblyMegabytesPerSecond: rate(result.completeSeconds),
    uploadMegabytesPerSecond: rate(result.partsSeconds + result.completeSeconds),
    getMegabytesPerSecond: rate(result.getSeconds),
    firstByteMs: result.firstByteSeconds * 1000,
    uploadRssMib: result.uploadRssMib,
    getRssMib: result.getRssMib,
    joinSeconds: result.joinSeconds,
    requests: result.requests,
  }
}

/** All that a run has measured. */
export class AssemblyResults {
  readonly lanes: AssemblyLane[] = []

  add(at: Omit<AssemblyLane, 'samples'>, sample: AssemblySample): void {
    const lane = this.lane(at.size, at.upstream, at.way)
    if (lane === null) this.lanes.push({ ...at, samples: [sample] })
    else lane.samples.push(sample)
  }

  lane(size: SizeId, upstream: UpstreamKind, way: WayName): AssemblyLane | null {
    return this.lanes.find((lane) => lane.size === size && lane.upstream === upstream && lane.way === way) ?? null
  }
}

/** The middle over the rounds; null where nothing was measured. */
export function middleOf(lane: AssemblyLane | null, metric: AssemblyMetric): number | null {
  return lane === null || lane.samples.length === 0 ? null : median(lane.samples.map((sample) => sample[metric]))
}

/** How many times the other's figure one has: of the rounds in which both were measured, the middle. Null where there is none. */
export function timesOf(lane: AssemblyLane | null, other: AssemblyLane | null, metric: AssemblyMetric): number | null {
  const times = (lane?.samples ?? []).flatMap((sample) => {
    const match = other?.samples.find(({ round }) => round === sample.round)
    return match === undefined ? [] : [sample[metric] / match[metric]]
  })
  return times.length === 0 ? null : median(times)
}
