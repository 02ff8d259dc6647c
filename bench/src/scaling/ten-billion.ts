import type { PostgresReport } from '../postgres/postgres-report.ts'
import { median } from '../load/statistics.ts'
import type { StoredSizes } from './stored-sizes.ts'

const OBJECTS = 1e10
const PAGE_BYTES = 8192
/** Of an inner page, what its downlinks fill. */
const INNER_FILL = 0.7
/** Beside the key, of a downlink. */
const DOWNLINK_BYTES = 20
const PARTITIONS = 16
/** Puts a second that the table asks about, and of a hundred how many overwrite or are deleted later. */
const PUTS = 1000
const ENDED_SHARE = 0.2
const DAY_SECONDS = 86_400

/** What ten billion objects of one blob each come to: a table, calculated from what was measured. */
export function tenBillionTable(sizes: StoredSizes): string {
  const names = Object.keys(sizes.row)
  const rows = names.map((name) => {
    const bytes = sizes.row[name] ?? 0
    const isTable = name === 'objects' || name === 'blob_refs'
    const inner = isTable ? null : innerPages(bytes, sizes.keyLength)
    return [
      `\`${name}\``,
      bytes.toFixed(0),
      size(bytes * OBJECTS),
      size((bytes * OBJECTS) / PARTITIONS),
      inner === null ? '' : String(inner.levels),
      inner === null ? '' : size(inner.bytes),
    ]
  })
  const all = names.reduce((sum, name) => sum + (sizes.row[name] ?? 0), 0)
  rows.push(['together', all.toFixed(0), size(all * OBJECTS), size((all * OBJECTS) / PARTITIONS), '', ''])
  return table(
    ['', 'bytes an object', 'of ten billion', `each of ${PARTITIONS} parts`, 'levels of the index', 'inner pages, to be kept in memory'],
    rows,
  )
}

/** What writing comes to: a table. */
export function writingTable({ wal, rate }: StoredSizes): string {
  const log = (bytes: number): string => `${size(bytes * PUTS)} a second, ${size(bytes * PUTS * DAY_SECONDS)} a day`
  const ended = PUTS * ENDED_SHARE
  return table(
    ['', 'measured', `at ${PUTS} a second`],
    [
      ['log of a put, keys all over, behind a checkpoint', size(wal.putAnywhere), log(wal.putAnywhere)],
      ['log of a put, keys in order', size(wal.putInOrder), log(wal.putInOrder)],
      ['log of a delete', size(wal.deleteAnywhere), log(wal.deleteAnywhere)],
      [
        'puts under one prefix, beside puts all over',
        `${(rate.putOnePrefix / rate.putAnywhere).toFixed(2)} (${rate.putOnePrefix} and ${rate.putAnywhere} a second)`,
        '',
      ],
      [
        `garbage, where ${ENDED_SHARE * 100} of 100 puts overwrite or are deleted`,
        `${rate.garbage} blobs a second leave the tables of one collector`,
        `${ended} a second: ${((ended / rate.garbage) * 100).toFixed(1)} % of it`,
      ],
    ],
  )
}

/** What gateways do on one Postgres: a table. */
export function gatewayTable({ samples, connections }: PostgresReport): string {
  const middle = (row: string, subject: string, pick: (sample: PostgresReport['samples'][number]) => number | undefined): string => {
    const values = samples.filter((each) => each.row === row && each.subject === subject).map(pick)
    const there = values.filter((value) => value !== undefined)
    return there.length === 0 ? '' : median(there).toFixed(0)
  }
  const rows = [...new Set(samples.map(({ row }) => row))].map((row) => [
    row,
    middle(row, 'one gateway', ({ opsPerSecond }) => opsPerSecond),
    middle(row, 'two gateways', ({ opsPerSecond }) => opsPerSecond),
    middle(row, 'pgbench', ({ opsPerSecond }) => opsPerSecond),
    middle(row, 'one gateway', ({ cpuMicroseconds }) => cpuMicroseconds),
  ])
  return table(
    [`${connections} connections`, 'one gateway, a second', 'two, a second', 'pgbench, a second', 'CPU µs of the gateway, each'],
    rows,
  )
}

/** A leaf has an entry of so many bytes, its fill included; above it are downlinks. */
function innerPages(entryBytes: number, keyLength: number): { readonly levels: number; readonly bytes: number } {
  const perPage = Math.floor((PAGE_BYTES * INNER_FILL) / (keyLength + DOWNLINK_BYTES))
  let pages = Math.ceil((OBJECTS * entryBytes) / PAGE_BYTES)
  let [levels, inner] = [1, 0]
  while (pages > 1) {
    pages = Math.ceil(pages / perPage)
    inner += pages
    levels += 1
  }
  return { levels, bytes: inner * PAGE_BYTES }
}

function size(bytes: number): string {
  const units = ['B', 'KB', 'MB', 'GB', 'TB', 'PB']
  let [value, at] = [bytes, 0]
  while (value >= 1000 && at < units.length - 1) [value, at] = [value / 1000, at + 1]
  return `${value >= 100 || at === 0 ? value.toFixed(0) : value.toFixed(1)} ${units[at] ?? ''}`
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map((_, at) => (at === 0 ? '---' : '--:'))), ...rows.map(line)].join('\n')
}
