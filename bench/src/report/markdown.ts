import type { Target } from '../targets.ts'
import { middle, middleShare, ROWS } from './results.ts'
import type { Lane, Metric, Results, RowId, Subject } from './results.ts'
import type { Machine } from './machine.ts'
import type { Verdict } from './verdict.ts'

/** All that a report says. */
export interface Report {
  readonly date: string
  readonly commit: string
  /** Whether sources were changed since that commit. */
  readonly changed: boolean
  readonly machine: Machine
  readonly rounds: number
  /** Small counts, one round: whether it works, not how fast. */
  readonly quick: boolean
  readonly results: Results
  readonly verdicts: readonly Verdict[]
  /** Scenarios that broke off, and why. */
  readonly failures: readonly { readonly scenario: string; readonly error: string }[]
  /** The output of the small benchmarks, by name. */
  readonly micro: readonly { readonly name: string; readonly text: string }[]
}

const STORES: ReadonlySet<Subject> = new Set<Subject>(['s3/sqlite', 's3/postgres', 'engine/sqlite', 'engine/postgres'])

const UNITS: Readonly<Record<Metric, string>> = {
  opsPerSecond: 'operations/s',
  megabytesPerSecond: 'MB/s',
  p50Ms: 'ms at the median',
  p99Ms: 'ms at the 99th percentile',
  cpuMsPerOp: 'CPU-ms an operation',
  cpuSecondsPerGb: 'CPU-s a GB',
  peakRssMib: 'MiB resident',
  rssMibPerStream: 'MiB a stream',
  completeMs: 'ms',
  firstGetMs: 'ms',
  partsPerSecond: 'parts/s',
  syncsPerPut: 'syncs a PUT',
}

/** The report as a page: targets first, then everything. */
export function toMarkdown(report: Report): string {
  const { machine, commit, changed, date, rounds } = report
  return [
    `# Benchmark of ${date}, commit ${commit}${changed ? ' with changes that were not committed' : ''}`,
    '',
    `${inWords(machine)} Client and server share the cores. ` +
      `Medians of ${rounds} rounds, A B A B; shares are taken round by round. CPU and memory are those of the server's process with all its threads.`,
    '',
    ...report.failures.flatMap(({ scenario, error }) => [`**The scenario \`${scenario}\` broke off:** ${firstLine(error)}`, '']),
    ...(report.quick ? ['**A quick look: small counts, no verdicts.**', ''] : []),
    '![Targets and how far they are reached](chart.svg)',
    '',
    '## Targets',
    '',
    ...targetTable(report.verdicts),
    '',
    '## All rows',
    '',
    ...rowTable(report.results),
    '',
    ...report.micro.flatMap(({ name, text }) => [`## Small things: ${name}`, '', '```', text.trimEnd(), '```', '']),
  ].join('\n')
}

/** A machine as a sentence. */
export function inWords({ cores, processor, memoryGib, kernel, fileSystem, node, loadBefore }: Machine): string {
  return `${cores} cores (${processor}), ${memoryGib} GiB, ${kernel}, ${fileSystem}, Node ${node}; load before the run ${loadBefore}.`
}

function targetTable(verdicts: readonly Verdict[]): readonly string[] {
  const lines = verdicts.map(({ target, measured, words }) => {
    const value = measured === null ? '–' : valueOf(measured, target)
    return `| ${titleOf(target.row)} | ${target.subject} | ${quantity(target)} | ${bound(target)} | ${value} | ${words} |`
  })
  return ['| what | subject | of what | target | measured | verdict |', '|---|---|---|---|---|---|', ...lines]
}

function quantity({ metric, of }: Target): string {
  return of === undefined ? UNITS[metric] : `${UNITS[metric]}, share of ${of}`
}

function bound(target: Target): string {
  return target.atLeast === undefined ? `≤ ${target.atMost}` : `≥ ${target.atLeast}`
}

function valueOf(measured: number, { of }: Target): string {
  return of === undefined ? format(measured) : measured.toFixed(3)
}

function rowTable(results: Results): readonly string[] {
  const head = ['what', 'subject', 'speed', 'p50 / p99 ms', 'CPU', 'peak RSS MiB', 'shares of ceilings']
  const lines = ROWS.flatMap(({ id }) => {
    const lanes = results.lanes.filter(({ row }) => row === id)
    return [...lanes.filter(({ subject }) => !STORES.has(subject)), ...lanes.filter(({ subject }) => STORES.has(subject))]
  }).map((lane) => {
    const cells = [
      titleOf(lane.row),
      lane.subject,
      speed(lane),
      latencies(lane),
      cpu(lane),
      cell(lane, 'peakRssMib'),
      shares(lane, results),
    ]
    return `| ${cells.join(' | ')} |`
  })
  return [`| ${head.join(' | ')} |`, `|${'---|'.repeat(head.length)}`, ...lines]
}

function speed(lane: Lane): string {
  const complete = middle(lane, 'completeMs')
  if (complete !== null) {
    const firstGet = middle(lane, 'firstGetMs')
    return firstGet === null
      ? `${format(complete)} ms`
      : `${format(complete)} ms; first GET ${format(firstGet)} ms; ${cell(lane, 'partsPerSecond')} parts/s`
  }
  if (lane.row.startsWith('list')) return `${cell(lane, 'p50Ms')} ms`
  const perStream = middle(lane, 'rssMibPerStream')
  if (perStream !== null) return `${format(perStream)} MiB a stream; ${cell(lane, 'megabytesPerSecond')} MB/s`
  return isLarge(lane.row) ? `${cell(lane, 'megabytesPerSecond')} MB/s` : `${cell(lane, 'opsPerSecond')}/s`
}

function latencies(lane: Lane): string {
  return middle(lane, 'p50Ms') === null ? '' : `${cell(lane, 'p50Ms')} / ${cell(lane, 'p99Ms')}`
}

function cpu(lane: Lane): string {
  if (isLarge(lane.row)) return middle(lane, 'cpuSecondsPerGb') === null ? '' : `${cell(lane, 'cpuSecondsPerGb')} s/GB`
  return middle(lane, 'cpuMsPerOp') === null ? '' : `${cell(lane, 'cpuMsPerOp')} ms/op`
}

/** Of each ceiling, and in brackets how much more CPU time it takes: that holds on a busy machine too, where rates suffer. */
function shares(lane: Lane, results: Results): string {
  if (!STORES.has(lane.subject) || lane.row.startsWith('complete')) return ''
  const rate = isLarge(lane.row) ? 'megabytesPerSecond' : 'opsPerSecond'
  return results.lanes
    .filter(({ row, subject }) => row === lane.row && !STORES.has(subject))
    .map((ceiling) => {
      const share = middleShare(lane, ceiling, rate)
      const time = middleShare(lane, ceiling, isLarge(lane.row) ? 'cpuSecondsPerGb' : 'cpuMsPerOp')
      return share === null ? '' : `${share.toFixed(3)} of ${ceiling.subject}${time === null ? '' : ` (${format(time)} times its CPU)`}`
    })
    .filter((text) => text !== '')
    .join(', ')
}

function isLarge(row: RowId): boolean {
  return row.includes('64m') || row === 'memory-32'
}

function titleOf(row: RowId): string {
  return ROWS.find(({ id }) => id === row)?.title ?? row
}

function cell(lane: Lane, metric: Metric): string {
  const value = middle(lane, metric)
  return value === null ? '' : format(value)
}

/** A figure with three digits that count, or all that it has before the point. */
export function format(value: number): string {
  if (value >= 100) return Math.round(value).toLocaleString('en-US')
  return value >= 10 ? value.toFixed(1) : value.toPrecision(3)
}

function firstLine(text: string): string {
  return text.split('\n')[0] ?? ''
}
