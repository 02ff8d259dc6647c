import { middleShare, ROWS } from './results.ts'
import type { Results, Subject } from './results.ts'
import { renderCharts } from './render-charts.ts'
import type { Chart } from './render-charts.ts'
import type { Verdict } from './verdict.ts'

const SUBJECTS: readonly Subject[] = ['s3/sqlite', 's3/postgres', 'engine/sqlite', 'engine/postgres']

/** Two charts one above the other, as SVG: how far the targets are reached, and rates as shares of the ceiling. */
export function toSvg(results: Results, verdicts: readonly Verdict[]): Promise<string> {
  return renderCharts([targetsChart(verdicts), sharesChart(results)])
}

function targetsChart(verdicts: readonly Verdict[]): Chart {
  const values = verdicts
    .filter(({ times }) => times !== null)
    .map(({ target, times, met }) => ({ name: nameOf(target), times, verdict: met ? 'met' : 'missed' }))
  return {
    title: 'Targets: how often they are reached (1 is just so, to the right is better)',
    width: 520,
    data: { values },
    layer: [
      {
        mark: { type: 'bar', tooltip: true },
        encoding: {
          y: { field: 'name', type: 'nominal', sort: null, title: null },
          x: {
            field: 'times',
            type: 'quantitative',
            scale: { type: 'symlog', constant: 0.1 },
            title: 'measured / target, or target / measured where less is better',
          },
          color: { field: 'verdict', type: 'nominal', scale: { domain: ['met', 'missed'], range: ['#2b7a4b', '#c0392b'] }, title: null },
        },
      },
      { mark: { type: 'rule', strokeDash: [4, 3] }, encoding: { x: { datum: 1 } } },
    ],
  }
}

function nameOf({ row, subject, metric, of }: Verdict['target']): string {
  const title = ROWS.find(({ id }) => id === row)?.title ?? row
  const what =
    of === undefined ? { cpuSecondsPerGb: ' (CPU)', peakRssMib: ' (memory)', rssMibPerStream: ' (memory)' }[metric as string] : ''
  return `${title}${what ?? ''} · ${subject}`
}

const RATES = [
  ['put-64m-1', 'discard with MD5', 'megabytesPerSecond'],
  ['put-64m-4', 'discard with MD5', 'megabytesPerSecond'],
  ['get-64m-1', 'memory', 'megabytesPerSecond'],
  ['get-64m-4', 'memory', 'megabytesPerSecond'],
  ['put-4k', 'discard', 'opsPerSecond'],
  ['get-4k', 'memory', 'opsPerSecond'],
  ['head-4k', 'memory', 'opsPerSecond'],
  ['delete-4k', 'memory', 'opsPerSecond'],
] as const

function sharesChart(results: Results): Chart {
  const values = RATES.flatMap(([row, of, metric]) =>
    SUBJECTS.map((subject) => {
      const share = middleShare(results.lane(row, subject), results.lane(row, of), metric)
      return { row: `${ROWS.find(({ id }) => id === row)?.title ?? row}, of ${of}`, subject, share }
    }).filter(({ share }) => share !== null),
  )
  return {
    title: 'Rates as shares of the local ceiling (over HTTP; the engine itself needs none and may be beyond)',
    width: 520,
    data: { values },
    mark: { type: 'bar', tooltip: true },
    encoding: {
      y: { field: 'row', type: 'nominal', sort: null, title: null },
      yOffset: { field: 'subject', sort: [...SUBJECTS] },
      x: { field: 'share', type: 'quantitative', title: 'share of the ceiling' },
      color: { field: 'subject', type: 'nominal', sort: [...SUBJECTS], title: null },
    },
  }
}
