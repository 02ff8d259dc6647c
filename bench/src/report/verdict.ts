import type { Target } from '../targets.ts'
import { middle, middleShare } from './results.ts'
import type { Results } from './results.ts'

/** What became of one target. */
export interface Verdict {
  readonly target: Target
  /** In the unit of the target: the metric itself, or a share of the ceiling. Null where nothing was measured. */
  readonly measured: number | null
  readonly met: boolean
  /** How often the target is reached: 1 is just so, more is better, for what must be large and for what must be small. */
  readonly times: number | null
  /** In plain words. */
  readonly words: string
}

/** Holds what was measured against the targets. */
export function judge(results: Results, targets: readonly Target[]): readonly Verdict[] {
  return targets.map((target) => {
    const lane = results.lane(target.row, target.subject)
    const measured =
      target.of === undefined ? middle(lane, target.metric) : middleShare(lane, results.lane(target.row, target.of), target.metric)
    if (measured === null) return { target, measured, met: false, times: null, words: 'not measured' }
    const times = target.atLeast === undefined ? (target.atMost ?? NaN) / measured : measured / target.atLeast
    return { target, measured, met: times >= 1, times, words: wordsFor(times, target) }
  })
}

function wordsFor(times: number, { atLeast }: Target): string {
  if (times >= 1) return 'met'
  return atLeast === undefined ? `missed: ${inWords(1 / times)} what is allowed` : `missed: ${Math.round(times * 100)} % of the target`
}

function inWords(factor: number): string {
  return factor < 2 ? `${Math.round((factor - 1) * 100)} % above` : `${factor.toFixed(1)} times`
}
