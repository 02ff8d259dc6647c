import { middleOf, timesOf } from './assembly-results.ts'
import type { AssemblyResults } from './assembly-results.ts'
import type { UpstreamKind } from './cell.ts'
import type { ObjectSize, SizeId } from './sizes.ts'

/** One sentence of what has to be shown, held against what was measured. */
export interface AssemblyVerdict {
  readonly upstream: UpstreamKind
  readonly what: string
  readonly needed: string
  /** Null where nothing was measured. */
  readonly measured: number | null
  readonly met: boolean | null
}

/** Within a tenth of what goes upstream directly. */
const SHARE_OF_DIRECT_MIN = 0.9
/** Complete is O(parts) where a part costs no more of it when there are more of them; small counts carry what each commit costs. */
const PER_PART_TIMES_MAX = 1
/** What the collector of the JavaScript engine leaves lying differs by this much between runs of the same. */
const MEMORY_TIMES_MAX = 1.25

/** Holds every upstream that was measured against the targets. */
export function judgeAssembly(results: AssemblyResults, sizes: readonly ObjectSize[]): readonly AssemblyVerdict[] {
  const upstreams = [...new Set(results.lanes.map(({ upstream }) => upstream))]
  return upstreams.flatMap((upstream) => {
    const ours = (size: SizeId): ReturnType<AssemblyResults['lane']> => results.lane(size, upstream, 'stowage')
    const perPart = (id: SizeId): number | null => {
      const parts = sizes.find((size) => size.id === id)?.parts
      return parts === undefined ? null : over(middleOf(ours(id), 'completeMs'), parts)
    }
    const peak = (id: SizeId): number | null => middleOf(ours(id), 'uploadRssMib')
    const completeRequests = results.lanes
      .filter((lane) => lane.upstream === upstream && lane.way.startsWith('stowage'))
      .flatMap(({ samples }) => samples.map(({ requests }) => requests.complete))
    return [
      atLeast(
        upstream,
        'upload of 1 GiB, Complete included, share of direct',
        timesOf(ours('1g'), results.lane('1g', upstream, 'direct'), 'uploadMegabytesPerSecond'),
        SHARE_OF_DIRECT_MIN,
      ),
      atMost(
        upstream,
        'Complete, time for each of 10,000 parts ÷ for each of 128',
        over(perPart('10000'), perPart('1g')),
        PER_PART_TIMES_MAX,
      ),
      atMost(upstream, 'Complete, requests upstream', completeRequests.length === 0 ? null : Math.max(...completeRequests), 0),
      atMost(upstream, 'peak memory of an upload, 1 GiB ÷ 64 MiB', over(peak('1g'), peak('64m')), MEMORY_TIMES_MAX),
      atMost(upstream, 'peak memory of an upload, 10,000 parts ÷ 64 MiB', over(peak('10000'), peak('64m')), MEMORY_TIMES_MAX),
    ]
  })
}

function over(value: number | null, by: number | null): number | null {
  return value === null || by === null ? null : value / by
}

function atLeast(upstream: UpstreamKind, what: string, measured: number | null, min: number): AssemblyVerdict {
  return { upstream, what, needed: `≥ ${min}`, measured, met: measured === null ? null : measured >= min }
}

function atMost(upstream: UpstreamKind, what: string, measured: number | null, max: number): AssemblyVerdict {
  return { upstream, what, needed: `≤ ${max}`, measured, met: measured === null ? null : measured <= max }
}
