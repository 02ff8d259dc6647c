import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Machine } from '../report/machine.ts'
import { format, inWords } from '../report/markdown.ts'
import { middle } from '../report/results.ts'
import type { Comparison, PeerResults } from './comparison.ts'
import { toPeerSvg } from './peer-chart.ts'
import { FIGURES } from './peer-rows.ts'
import type { Figure } from './peer-rows.ts'
import type { Missing } from './peer-bench.ts'
import type { Peer, PeerId } from './peers.ts'
import { describeSyncs, isDurable } from './sync-counts.ts'
import type { SyncCounts } from './sync-counts.ts'

/** All that a report on peers says. */
export interface PeerReport {
  readonly date: string
  readonly commit: string
  /** Whether sources were changed since that commit. */
  readonly changed: boolean
  readonly machine: Machine
  readonly rounds: number
  readonly quick: boolean
  /** What was to be measured, ours first. */
  readonly servers: readonly Peer[]
  readonly versions: ReadonlyMap<PeerId, string>
  readonly results: PeerResults
  readonly comparisons: readonly Comparison[]
  readonly syncs: ReadonlyMap<PeerId, SyncCounts>
  readonly syncsMissing: string | null
  readonly missing: readonly Missing[]
}

/** Writes `report.md`, `results.json` and `chart.svg` into the directory, which is made. */
export async function writePeerReport(report: PeerReport, directory: string): Promise<void> {
  await mkdir(directory, { recursive: true })
  await writeFile(join(directory, 'results.json'), `${JSON.stringify(toDocument(report), null, 2)}\n`)
  await writeFile(join(directory, 'report.md'), `${toPeerMarkdown(report)}\n`)
  await writeFile(join(directory, 'chart.svg'), await toPeerSvg(report.comparisons, report.servers))
}

function toDocument({ servers, versions, results, syncs, ...rest }: PeerReport): object {
  return {
    ...rest,
    servers: servers.map(({ id, title, words }) => ({
      id,
      title,
      command: words,
      version: versions.get(id) ?? null,
      syncs: syncs.get(id) ?? null,
    })),
    figures: FIGURES,
    lanes: results.lanes.map((lane) => ({ ...lane, samples: lane.samples.map((sample) => roundedValues(sample)) })),
  }
}

/** Four digits say more than a machine keeps. */
function roundedValues(sample: Readonly<Record<string, number>>): object {
  return Object.fromEntries(Object.entries(sample).map(([metric, value]) => [metric, Number(value.toPrecision(4))]))
}

/** The report as a page: what was measured, how Stowage stands to each, what has no figure. */
function toPeerMarkdown(report: PeerReport): string {
  const { date, commit, changed, machine, rounds } = report
  const measured = report.servers.filter(({ id }) => report.versions.has(id))
  return [
    `# Stowage beside other S3 servers, ${date}, commit ${commit}${changed ? ' with changes that were not committed' : ''}`,
    '',
    `${inWords(machine)} Client and server share the cores. One load generator for all: bare keep-alive sockets, requests signed beforehand. ` +
      `Medians of at most ${rounds} rounds in which the servers take turns, each on a fresh directory; before each measurement the file ` +
      "system is synced, so that nobody pays for what another left in memory. CPU time, in brackets, and memory are those of the server's " +
      'process tree; what the kernel writes later, for servers that do not sync, is in nobody’s.',
    '',
    ...(report.quick ? ['**A quick look: small counts, no verdicts.**', ''] : []),
    '![How many times better Stowage is, in each row, than each peer](chart.svg)',
    '',
    '## Figures',
    '',
    ...figureTable(report, measured),
    '',
    '## How many times better Stowage is',
    '',
    'More than 1 is ahead. A small PUT has to be 4 times that of a peer which syncs it, too, before it acknowledges. Bold is behind.',
    '',
    ...timesTable(report, measured),
    '',
    '## Servers',
    '',
    ...serverTable(report),
    '',
    ...missingList(report),
  ].join('\n')
}

function figureTable({ results, syncsMissing }: PeerReport, servers: readonly Peer[]): readonly string[] {
  const lines = FIGURES.flatMap((figure) => {
    // What was to be counted and could not be is said in its place.
    if (figure.row === 'syncs' && syncsMissing !== null) return [tableLine([titleOf(figure), ...servers.map(() => syncsMissing)])]
    if (!results.lanes.some((lane) => lane.row === figure.row)) return []
    return [tableLine([titleOf(figure), ...servers.map(({ id }) => valueOf(results, figure, id))])]
  })
  return [...tableHead(['', ...servers.map(({ title }) => title)]), ...lines]
}

function titleOf({ title, unit, cpu }: Figure): string {
  const what = cpu === undefined ? '' : cpu === 'cpuMsPerOp' ? ' (CPU-ms each)' : ' (CPU-s/GB)'
  return unit === '' ? title : `${title}, ${unit}${what}`
}

function valueOf(results: PeerResults, { row, metric, cpu }: Figure, server: PeerId): string {
  const lane = results.lane(row, server)
  const value = middle(lane, metric)
  if (value === null) return '–'
  const time = cpu === undefined ? null : middle(lane, cpu)
  return time === null ? format(value) : `${format(value)} (${time.toPrecision(2)})`
}

function timesTable({ comparisons }: PeerReport, servers: readonly Peer[]): readonly string[] {
  const peers = servers.filter(({ id }) => id !== 'stowage')
  const titles = [...new Set(comparisons.map(({ title }) => title))]
  const lines = titles.map((title) =>
    tableLine([title, ...peers.map(({ id }) => timesOf(comparisons.find((each) => each.title === title && each.peer === id)))]),
  )
  return [...tableHead(['', ...peers.map(({ title }) => title)]), ...lines]
}

/** A comparison as a word. */
export function timesOf(comparison: Comparison | undefined): string {
  if (comparison === undefined || comparison.times === null) return '–'
  const times = `${comparison.times >= 10 ? comparison.times.toFixed(0) : comparison.times.toFixed(2)}×`
  return comparison.verdict === 'behind'
    ? `**${times} behind**`
    : comparison.verdict === 'behind, as it may be'
      ? `${times} (may be)`
      : times
}

function serverTable({ servers, versions, syncs, syncsMissing }: PeerReport): readonly string[] {
  const lines = servers.map(({ id, title, words }) => {
    const counts = syncs.get(id)
    const durable = counts === undefined ? (syncsMissing ?? 'not counted') : isDurable(counts) ? 'yes' : 'no'
    return tableLine([
      title,
      versions.get(id) ?? 'not installed',
      `\`${words}\``,
      durable,
      counts === undefined ? '–' : describeSyncs(counts),
    ])
  })
  return [...tableHead(['server', 'version', 'started as', 'PUT synced before it is acknowledged', 'syncs for each PUT']), ...lines]
}

function missingList({ missing, servers }: PeerReport): readonly string[] {
  if (missing.length === 0) return []
  const nameOf = (id: PeerId): string => servers.find((server) => server.id === id)?.title ?? id
  const lines = missing.map(({ row, peer, reason }) => `- ${nameOf(peer)}${row === null ? '' : `, \`${row}\``}: ${reason}`)
  return ['## Without a figure', '', ...lines, '']
}

function tableHead(cells: readonly string[]): readonly string[] {
  return [tableLine(cells), `|${'---|'.repeat(cells.length)}`]
}

function tableLine(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
}
