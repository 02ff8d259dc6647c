import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { median } from '../load/statistics.ts'
import type { Machine } from '../report/machine.ts'
import { POSTGRES_ROWS } from './postgres-rows.ts'
import type { PostgresRow } from './postgres-rows.ts'

/** Who did the work of a sample. */
export const SUBJECTS = ['one gateway', 'two gateways', 'pgbench'] as const
/** One of them. */
export type Subject = (typeof SUBJECTS)[number]

/** One measurement. Latencies in milliseconds; pgbench tells none. */
export interface PostgresSample {
  readonly row: PostgresRow
  readonly subject: Subject
  readonly round: number
  readonly opsPerSecond: number
  readonly p50?: number
  readonly p99?: number
  /** Of all gateways together, for each operation. */
  readonly cpuMicroseconds?: number
}

/** A run. */
export interface PostgresReport {
  readonly date: string
  readonly commit: string
  readonly machine: Machine
  readonly connections: number
  readonly seconds: number
  readonly rounds: number
  readonly samples: readonly PostgresSample[]
  /** Why there is no pgbench; null where there is. */
  readonly missing: string | null
}

/** Writes `report.md` and `results.json`. */
export async function writePostgresReport(report: PostgresReport, directory: string): Promise<void> {
  await mkdir(directory, { recursive: true })
  await writeFile(join(directory, 'results.json'), `${JSON.stringify(report, null, 2)}\n`)
  await writeFile(join(directory, 'report.md'), reportText(report))
}

function reportText(report: PostgresReport): string {
  const { date, commit, machine, connections, seconds, rounds, missing } = report
  const lines = [
    `# Gateways on Postgres, ${date}, ${commit}`,
    '',
    `${machine.cores} cores (${machine.processor}), ${machine.memoryGib} GiB, ${machine.kernel}, ${machine.fileSystem}, Node ${machine.node}; load before: ${machine.loadBefore}.`,
    `${connections} connections altogether, ${seconds} s a measurement, ${rounds} rounds in turn. Gateways, Postgres (fsync on) and the load generators share the cores. Medians.`,
    '',
    '| row | subject | operations a second | p50 ms | p99 ms | gateways, CPU µs an operation | of pgbench | of one gateway |',
    '| --- | --- | --: | --: | --: | --: | --: | --: |',
    ...POSTGRES_ROWS.flatMap((row) => SUBJECTS.map((subject) => line(report, row, subject))),
  ]
  return `${[...lines, ...(missing === null ? [] : ['', missing])].join('\n')}\n`
}

function line(report: PostgresReport, row: PostgresRow, subject: Subject): string {
  const of = (who: Subject): readonly PostgresSample[] => report.samples.filter((each) => each.row === row && each.subject === who)
  const own = of(subject)
  const middle = (pick: (sample: PostgresSample) => number | undefined, digits: number): string => {
    const values = own.map(pick).filter((value) => value !== undefined)
    return values.length === 0 ? '' : median(values).toFixed(digits)
  }
  // Round by round: what happens on the machine happens to both.
  const ratio = (other: Subject): string => {
    const shares = own.flatMap((sample) => {
      const beside = of(other).find(({ round }) => round === sample.round)
      return beside === undefined || other === subject ? [] : [sample.opsPerSecond / beside.opsPerSecond]
    })
    return shares.length === 0 ? '' : median(shares).toFixed(2)
  }
  const cells = [
    row,
    subject,
    middle((sample) => sample.opsPerSecond, 0),
    middle((sample) => sample.p50, 2),
    middle((sample) => sample.p99, 2),
    middle((sample) => sample.cpuMicroseconds, 0),
    ratio('pgbench'),
    ratio('one gateway'),
  ]
  return `| ${cells.join(' | ')} |`
}
