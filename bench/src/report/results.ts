import { median } from '../load/statistics.ts'

/** What may be measured, each with its unit. */
export type Metric =
  | 'opsPerSecond'
  | 'megabytesPerSecond'
  | 'p50Ms'
  | 'p99Ms'
  /** Of the server's process, all its threads; Postgres, being another process, is not in it. */
  | 'cpuMsPerOp'
  | 'cpuSecondsPerGb'
  /** Resident memory of the server's process, at its peak. */
  | 'peakRssMib'
  /** How much the peak is above what was resident before, for each upload under way. */
  | 'rssMibPerStream'
  | 'completeMs'
  | 'firstGetMs'
  | 'partsPerSecond'
  /** System calls that make bytes durable, for each PUT that was acknowledged. */
  | 'syncsPerPut'

/** One measurement of one round. */
export type Sample = Readonly<Partial<Record<Metric, number>>>

/** What is measured: an engine behind a door, over a metadata store; or a ceiling. */
export type Subject =
  | 's3/sqlite'
  | 's3/postgres'
  | 'engine/sqlite'
  | 'engine/postgres'
  /** A server that reads bodies and answers. */
  | 'discard'
  /** The same, with MD5 of the body. */
  | 'discard with MD5'
  /** A server that answers from memory. */
  | 'memory'
  | 'bare file'
  | 'MD5 alone'
  | 'fdatasync alone'
  | 'write and fdatasync'

/** The rows, in the order of the report. */
export const ROWS = [
  { id: 'put-64m-1', title: 'PUT 64 MiB, 1 connection' },
  { id: 'put-64m-4', title: 'PUT 64 MiB, 4 connections' },
  { id: 'get-64m-1', title: 'GET 64 MiB, 1 connection' },
  { id: 'get-64m-4', title: 'GET 64 MiB, 4 connections' },
  { id: 'put-4k', title: 'PUT 4 KiB, durable, 32 connections' },
  { id: 'get-4k', title: 'GET 4 KiB, 32 connections' },
  { id: 'head-4k', title: 'HEAD, 32 connections' },
  { id: 'delete-4k', title: 'DELETE, 32 connections' },
  { id: 'complete-64', title: 'Complete of 64 parts' },
  { id: 'complete-1000', title: 'Complete of 1,000 parts' },
  { id: 'complete-10000', title: 'Complete of 10,000 parts' },
  { id: 'list-small', title: 'LIST, 1,000 keys, of 1,000' },
  { id: 'list-large', title: 'LIST, 1,000 keys, of 100,000' },
  { id: 'list-delimiter', title: 'LIST with a delimiter, 1,000 prefixes of 100,000 keys' },
  { id: 'list-delimiter-few', title: 'LIST with a delimiter, 10 prefixes of 100,000 keys' },
  { id: 'memory-32', title: '32 uploads of 64 MiB at once' },
] as const

/** The name of a row, as `--only` and the targets know it. */
export type RowId = (typeof ROWS)[number]['id']

/** All samples of one subject in one row, in the order of the rounds. */
export interface Lane<Row extends string = RowId, Of extends string = Subject> {
  readonly row: Row
  readonly subject: Of
  readonly samples: readonly Sample[]
}

/** What a run has measured up to now. */
export class Results<Row extends string = RowId, Of extends string = Subject> {
  readonly #lanes = new Map<string, { readonly row: Row; readonly subject: Of; readonly samples: Sample[] }>()

  add(row: Row, subject: Of, sample: Sample): void {
    const name = `${row} ${subject}`
    const lane = this.#lanes.get(name) ?? { row, subject, samples: [] }
    lane.samples.push(sample)
    this.#lanes.set(name, lane)
  }

  get lanes(): readonly Lane<Row, Of>[] {
    return [...this.#lanes.values()]
  }

  lane(row: Row, subject: Of): Lane<Row, Of> | null {
    return this.#lanes.get(`${row} ${subject}`) ?? null
  }
}

/** All that a middle is taken of. */
type Samples = Pick<Lane, 'samples'>

/** The middle of a metric over the rounds, or null where it was not measured. */
export function middle(lane: Samples | null, metric: Metric): number | null {
  const values = (lane?.samples ?? []).map((sample) => sample[metric]).filter((value) => value !== undefined && !Number.isNaN(value))
  return values.length === 0 ? null : median(values as number[])
}

/** How one lane stands to another: round by round, because what disturbs a machine disturbs neighbours alike; then the middle. */
export function middleShare(lane: Samples | null, of: Samples | null, metric: Metric): number | null {
  const shares: number[] = []
  for (const [round, sample] of (lane?.samples ?? []).entries()) {
    const own = sample[metric]
    const ceiling = of?.samples[round]?.[metric] ?? middle(of, metric) ?? undefined
    if (own !== undefined && ceiling !== undefined && ceiling > 0) shares.push(own / ceiling)
  }
  return shares.length === 0 ? null : median(shares)
}
