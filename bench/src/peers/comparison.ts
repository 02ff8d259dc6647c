import { middle, middleShare } from '../report/results.ts'
import type { Results } from '../report/results.ts'
import { FIGURES } from './peer-rows.ts'
import type { Figure } from './peer-rows.ts'
import type { PeerId } from './peers.ts'

/** What peers are measured into. */
export type PeerResults = Results<Figure['row'], PeerId>

/** How Stowage stands to one peer in one line of the report. */
export interface Comparison {
  readonly row: Figure['row']
  readonly metric: Figure['metric']
  readonly title: string
  readonly peer: PeerId
  /** How many times better Stowage is: 1 is level, less is behind. Null where one of them has no figure. */
  readonly times: number | null
  /** How many times better it has to be; null where nothing is asked. */
  readonly needed: number | null
  readonly verdict: 'ahead' | 'behind' | 'behind, as it may be' | 'not judged' | 'not measured'
}

/** Against a peer whose PUT is durable too, a small one has to be so many times faster. */
const DURABLE_PUT_TIMES = 4

/** Rows in which a peer may be ahead: rclone answers HEAD with a stat of a file. */
const MAY_BE_BEHIND: readonly { readonly row: Figure['row']; readonly peer: PeerId }[] = [{ row: 'head-4k', peer: 'rclone' }]

/** Holds Stowage against each peer, line by line. `durable` are the peers that sync before they acknowledge; a quick look judges nothing. */
export function compare(
  results: PeerResults,
  peers: readonly PeerId[],
  options: { readonly durable: ReadonlySet<PeerId>; readonly quick: boolean },
): readonly Comparison[] {
  return FIGURES.flatMap((figure) =>
    peers.map((peer) => {
      const times = timesBetter(results, figure, peer)
      const needed = !figure.judged || options.quick ? null : figure.row === 'put-4k' && options.durable.has(peer) ? DURABLE_PUT_TIMES : 1
      const { row, metric, title } = figure
      return { row, metric, title, peer, times, needed, verdict: verdictOf({ row, peer, times, needed }) }
    }),
  ).filter(({ row }) => results.lanes.some((lane) => lane.row === row))
}

/** Round by round, because what disturbs a machine disturbs neighbours alike; then the middle. */
function timesBetter(results: PeerResults, { row, metric, better }: Figure, peer: PeerId): number | null {
  const own = results.lane(row, 'stowage')
  const other = results.lane(row, peer)
  // Without a sync there is nothing to be a multiple of.
  if (middle(own, metric) === 0 || middle(other, metric) === 0) return null
  return better === 'more' ? middleShare(own, other, metric) : middleShare(other, own, metric)
}

function verdictOf({ row, peer, times, needed }: Pick<Comparison, 'row' | 'peer' | 'times' | 'needed'>): Comparison['verdict'] {
  if (times === null) return 'not measured'
  if (needed === null) return 'not judged'
  if (times >= needed) return 'ahead'
  return MAY_BE_BEHIND.some((allowed) => allowed.row === row && allowed.peer === peer) ? 'behind, as it may be' : 'behind'
}
