import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Machine } from '../report/machine.ts'
import { format, inWords } from '../report/markdown.ts'
import type { MissingCell } from './assembly-bench.ts'
import { middleOf, timesOf } from './assembly-results.ts'
import type { AssemblyLane, AssemblyMetric, AssemblyResults, AssemblySample } from './assembly-results.ts'
import type { AssemblyVerdict } from './assembly-targets.ts'
import type { StraightResult, UpstreamKind } from './cell.ts'
import { UPSTREAMS, WAYS } from './sizes.ts'
import type { ObjectSize } from './sizes.ts'

/** All that a report on assembly says. */
export interface AssemblyReport {
  readonly date: string
  readonly commit: string
  /** Whether sources were changed since that commit. */
  readonly changed: boolean
  readonly machine: Machine
  /** Runnable tasks in the last minute of the run: two or three are ours. */
  readonly loadAfter: number
  readonly quick: boolean
  /** What the way to the servers let through each way; null for all that loopback does. */
  readonly megabitsPerSecond: number | null
  readonly sizes: readonly ObjectSize[]
  /** The server is null for the disk, and where none could be started. */
  readonly upstreams: readonly { readonly kind: UpstreamKind; readonly server: string | null }[]
  readonly results: AssemblyResults
  readonly verdicts: readonly AssemblyVerdict[]
  readonly straight: StraightResult | null
  readonly missing: readonly MissingCell[]
}

/** Writes `report.md` and `results.json` into the directory, which is made. */
export async function writeAssemblyReport(report: AssemblyReport, directory: string): Promise<void> {
  await mkdir(directory, { recursive: true })
  const { results, ...rest } = report
  const lanes = results.lanes.map((lane) => ({ ...lane, samples: lane.samples.map(rounded) }))
  await writeFile(join(directory, 'results.json'), `${JSON.stringify({ ...rest, lanes }, null, 2)}\n`)
  await writeFile(join(directory, 'report.md'), `${toAssemblyMarkdown(report)}\n`)
}

/** Four digits say more than a machine keeps. */
function rounded(sample: AssemblySample): object {
  const figure = ([name, value]: [string, unknown]): [string, unknown] => [
    name,
    typeof value === 'number' ? Number(value.toPrecision(4)) : value,
  ]
  return Object.fromEntries(Object.entries(sample).map(figure))
}

/** The report as a page: targets, then each upstream's figures and ratios, joins, parts sent straight upstream, what is missing. */
export function toAssemblyMarkdown(report: AssemblyReport): string {
  const { date, commit, changed, machine, loadAfter, quick, megabitsPerSecond } = report
  return [
    `# Assembly of objects from parts, ${date}, commit ${commit}${changed ? ' with changes that were not committed' : ''}`,
    '',
    `${inWords(machine)} At the end of it ${loadAfter}. Client, engine and upstream share the cores: only ratios travel. ` +
      'Every measurement is one object in a process of its own, behind a small one that warms up; ways and upstreams take turns, and before ' +
      'each turn the file system is synced. Figures are medians of the rounds, ratios are taken round by round, with direct in the same round.',
    '',
    `Upstreams: ${report.upstreams.map(({ kind, server }) => `${kind} ${kind === 'fs' ? 'on the disk above' : server === null ? 'absent' : `on ${server}`}`).join(', ')}. ` +
      (megabitsPerSecond === null
        ? ''
        : `What goes to a server and comes from it shares ${format(megabitsPerSecond)} Mbit/s each way, at most ${format(megabitsPerSecond / 8)} MB/s, without latency. `) +
      'The emulators of GCS keep everything in memory: nothing is durable there, for either side, and sessions become slower the longer they are, so that ratios there say little of Google. There is no door: parts are given to the ' +
      'engine, over SQLite, as they would come from a socket, and to the client of the vendor as buffers.',
    '',
    '- *direct*: fs one file, written in place, then fdatasync; S3 a multipart upload of 8 MiB parts by `@aws-sdk/client-s3`; GCS one resumable upload by `@google-cloud/storage`; the clients as they come.',
    '- *stowage*: parts are blobs, Complete commits the manifest. *stowage, joined*: and the backend joins the blobs behind it (`extentsMin: 2`, 256 at once); its GET is that of the joined object.',
    '- *concatenate*: parts are blobs, Complete reads them and writes one. *re-upload*: parts are staged in a file beside us, unsynced, and Complete sends it.',
    '- Ten thousand parts are of 32 KiB, let in by `partSizeMin: 1`: of 5 MiB they would be 52 GB for each line. *direct* sends the same bytes in 8 MiB parts, because S3 takes no smaller ones.',
    '',
    ...(quick ? ['**A quick look: small objects, no verdicts.**', ''] : []),
    ...verdictTable(report.verdicts),
    ...report.sizes.flatMap((size) => sizeTable(report, size)),
    ...joinTable(report),
    ...straightTable(report.straight),
    ...missingList(report),
  ].join('\n')
}

function verdictTable(verdicts: readonly AssemblyVerdict[]): readonly string[] {
  if (verdicts.length === 0) return []
  const lines = verdicts.map(({ upstream, what, needed, measured, met }) => {
    const value = measured === null ? '–' : measured.toFixed(2)
    const word = met === null ? 'not measured' : met ? 'met' : '**behind**'
    return tableLine([upstream, what, needed, met === false ? `**${value}**` : value, word])
  })
  return ['## Targets', '', 'Bold is behind.', '', ...tableHead(['upstream', 'what', 'target', 'measured', 'verdict']), ...lines, '']
}

const COLUMNS: readonly (readonly [string, AssemblyMetric])[] = [
  ['parts, MB/s', 'partsMegabytesPerSecond'],
  ['Complete, ms', 'completeMs'],
  ['assembly, MB/s', 'assemblyMegabytesPerSecond'],
  ['parts and Complete, MB/s', 'uploadMegabytesPerSecond'],
  ['first full GET, MB/s', 'getMegabytesPerSecond'],
  ['its first byte, ms', 'firstByteMs'],
  ['peak RSS, upload, MiB', 'uploadRssMib'],
  ['peak RSS, GET, MiB', 'getRssMib'],
]

function sizeTable({ results }: AssemblyReport, size: ObjectSize): readonly string[] {
  const head = ['upstream', 'way', 'rounds', ...COLUMNS.map(([title]) => title), 'requests: parts, Complete, GET', 'of direct: upload, GET']
  const lines = UPSTREAMS.flatMap((upstream) => {
    const direct = results.lane(size.id, upstream, 'direct')
    return WAYS.flatMap((way) => {
      const lane = results.lane(size.id, upstream, way)
      if (lane === null) return []
      const figures = COLUMNS.map(([, metric]) => figure(middleOf(lane, metric)))
      return [
        tableLine([upstream, way, String(lane.samples.length), ...figures, requestsOf(lane), way === 'direct' ? '' : ratios(lane, direct)]),
      ]
    })
  })
  return lines.length === 0 ? [] : [`## ${size.title}`, '', ...tableHead(head), ...lines, '']
}

function ratios(lane: AssemblyLane, direct: AssemblyLane | null): string {
  const words = (['uploadMegabytesPerSecond', 'getMegabytesPerSecond'] as const).map((metric) => times(timesOf(lane, direct, metric)))
  return words.join(', ')
}

function times(value: number | null): string {
  return value === null ? '–' : `${value.toFixed(2)}×`
}

function requestsOf(lane: AssemblyLane): string {
  const requests = lane.samples.at(-1)?.requests
  if (requests === undefined || lane.upstream === 'fs') return ''
  return [requests.parts, requests.complete, requests.get].map((count) => count.toLocaleString('en-US')).join(', ')
}

/** Before: the same object in the same round, not joined. */
function joinTable({ results, sizes, upstreams }: AssemblyReport): readonly string[] {
  const lines = sizes.flatMap(({ id, title }) =>
    upstreams.flatMap(({ kind, server }) => {
      const after = results.lane(id, kind, 'stowage, joined')?.samples[0]
      const before = results.lane(id, kind, 'stowage')?.samples.find(({ round }) => round === after?.round)
      if (after === undefined || before === undefined) return []
      const joined =
        after.joinSeconds === null
          ? ['not joined: its parts are below what the service joins', '0']
          : [format(after.joinSeconds), after.requests.join.toLocaleString('en-US')]
      const rates = [before.getMegabytesPerSecond, after.getMegabytesPerSecond, before.firstByteMs, after.firstByteMs].map(format)
      return [tableLine([server ?? kind, title, ...joined, ...rates])]
    }),
  )
  if (lines.length === 0) return []
  const head = [
    'server',
    'object',
    'join, s',
    'requests of it',
    'whole GET before, MB/s',
    'after, MB/s',
    'first byte before, ms',
    'after, ms',
  ]
  return ['## Joins behind Complete', '', ...tableHead(head), ...lines, '']
}

function straightTable(straight: StraightResult | null): readonly string[] {
  if (straight === null) return []
  const { objectBytes, resentBytes, completedBytes, abandonedBytes, abandonedListed, oddSize } = straight
  const share = (bytes: number): string => `${(bytes / objectBytes).toFixed(2)}× the object`
  return [
    '## Parts sent straight into an upload upstream',
    '',
    'What it would save is the difference between *direct* and *stowage* above. What it costs, on the server of S3, from the files that it keeps:',
    '',
    ...tableHead(['what', 'seen']),
    tableLine(['stored after each part was sent twice, before Complete', share(resentBytes)]),
    tableLine(['stored right after Complete of that, before the server has cleaned up', share(completedBytes)]),
    tableLine(['stored by an upload that nobody completes', share(abandonedBytes)]),
    tableLine(['unfinished uploads that a listing by the prefix shows then, of 1', String(abandonedListed)]),
    tableLine(['Complete with a part of 5 MiB less one byte that is not the last', oddSize]),
    '',
    'On GCS it cannot be had with this client: a resumable session takes its bytes one behind the other, and the parts of clients come in any order.',
    '',
  ]
}

function missingList({ missing }: AssemblyReport): readonly string[] {
  if (missing.length === 0) return []
  const lines = missing.map(
    ({ upstream, size, way, reason }) => `- ${[upstream, size, way].filter((name) => name !== null).join(', ')}: ${reason}`,
  )
  return ['## Without a figure', '', ...lines, '']
}

function figure(value: number | null): string {
  return value === null ? '–' : format(value)
}

function tableHead(cells: readonly string[]): readonly string[] {
  return [tableLine(cells), `|${'---|'.repeat(cells.length)}`]
}

function tableLine(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
}
