import { renderCharts } from '../report/render-charts.ts'
import type { Comparison } from './comparison.ts'
import { FIGURES } from './peer-rows.ts'
import type { Peer } from './peers.ts'

/** Apart from one another also where colours are not seen. */
const SHAPES = ['circle', 'square', 'diamond', 'triangle-up', 'cross'] as const
const COLOURS = ['#c0392b', '#2b6ca3', '#2b7a4b', '#b9770e', '#6c3483'] as const

/** How many times better Stowage is than each peer, one line for each row, as SVG. */
export function toPeerSvg(comparisons: readonly Comparison[], servers: readonly Peer[]): Promise<string> {
  const peers = servers.filter(({ id }) => id !== 'stowage')
  const judged = new Set(FIGURES.filter((figure) => figure.judged).map(({ title }) => title))
  const values = comparisons
    .filter(({ times, title }) => times !== null && judged.has(title))
    .map(({ title, peer, times }) => ({ title, times, peer: peers.find(({ id }) => id === peer)?.title ?? peer }))
  const domain = peers.map(({ title }) => title)
  const legend = { orient: 'bottom', columns: peers.length } as const
  return renderCharts([
    {
      title: 'How many times better Stowage is: to the right of the line it is ahead',
      width: 520,
      height: { step: 22 },
      data: { values },
      layer: [
        { mark: { type: 'rule', strokeDash: [4, 3] }, encoding: { x: { datum: 1 } } },
        {
          mark: { type: 'point', filled: true, size: 80, opacity: 0.9 },
          encoding: {
            y: { field: 'title', type: 'nominal', sort: null, title: null, axis: { grid: true } },
            x: { field: 'times', type: 'quantitative', scale: { type: 'log' }, title: 'times as fast as the peer (logarithmic)' },
            color: { field: 'peer', type: 'nominal', sort: null, title: null, legend, scale: { domain, range: [...COLOURS] } },
            shape: { field: 'peer', type: 'nominal', sort: null, title: null, legend, scale: { domain, range: [...SHAPES] } },
          },
        },
      ],
    },
  ])
}
