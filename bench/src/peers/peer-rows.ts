import type { Metric } from '../report/results.ts'

/** What is measured, each by the name that `--only` takes, in the order in which it runs. */
export const MEASURED_ROWS = [
  'syncs',
  'put-64m-1',
  'put-64m-4',
  'get-64m-1',
  'get-64m-4',
  'parts-64',
  'parts-1000',
  'list',
  'list-delimiter',
  'put-4k',
  'get-4k',
  'head-4k',
  'delete-4k',
] as const

/** The name of what is measured at one go. */
export type MeasuredRow = (typeof MEASURED_ROWS)[number]

/** A line of the report: one metric of what is measured at one go, or the memory that several of them took. */
export interface Figure {
  readonly row: MeasuredRow | 'memory-small' | 'memory-large'
  readonly title: string
  readonly metric: Metric
  readonly unit: string
  /** CPU time, in brackets behind the figure. */
  readonly cpu?: Metric
  readonly better: 'more' | 'less'
  /** Whether Stowage has to be ahead. Syncs are what durability costs, and memory is told without a race. */
  readonly judged: boolean
}

const MORE = { better: 'more', judged: true } as const
const LESS = { better: 'less', judged: true } as const
const SMALL = { ...MORE, metric: 'opsPerSecond', unit: '/s', cpu: 'cpuMsPerOp' } as const
const LARGE = { ...MORE, metric: 'megabytesPerSecond', unit: 'MB/s', cpu: 'cpuSecondsPerGb' } as const

/** The lines of the report, in its order. */
export const FIGURES: readonly Figure[] = [
  { ...SMALL, row: 'put-4k', title: 'PUT 4 KiB, 32 at once' },
  { row: 'syncs', title: 'syncs for each acknowledged PUT, one at a time', metric: 'syncsPerPut', unit: '', better: 'less', judged: false },
  { ...SMALL, row: 'get-4k', title: 'GET 4 KiB, 32 at once' },
  { ...SMALL, row: 'head-4k', title: 'HEAD, 32 at once' },
  { ...SMALL, row: 'delete-4k', title: 'DELETE, 32 at once' },
  { ...LARGE, row: 'put-64m-1', title: 'PUT 64 MiB, one at a time' },
  { ...LARGE, row: 'put-64m-4', title: 'PUT 64 MiB, 4 at once' },
  { ...LARGE, row: 'get-64m-1', title: 'GET 64 MiB, one at a time' },
  { ...LARGE, row: 'get-64m-4', title: 'GET 64 MiB, 4 at once' },
  { ...MORE, row: 'parts-64', title: '64 parts of 16 MiB, 4 at once', metric: 'megabytesPerSecond', unit: 'MB/s' },
  { ...LESS, row: 'parts-64', title: 'Complete of 64 parts of 16 MiB', metric: 'completeMs', unit: 'ms' },
  { ...LESS, row: 'parts-1000', title: 'Complete of 1,000 parts of 5 MiB', metric: 'completeMs', unit: 'ms' },
  { ...LESS, row: 'list', title: 'LIST 1,000 of 20,000 keys', metric: 'p50Ms', unit: 'ms' },
  { ...LESS, row: 'list-delimiter', title: 'LIST with a delimiter, 1,000 prefixes', metric: 'p50Ms', unit: 'ms' },
  { row: 'memory-small', title: 'peak memory, small objects', metric: 'peakRssMib', unit: 'MiB', better: 'less', judged: false },
  { row: 'memory-large', title: 'peak memory, large objects', metric: 'peakRssMib', unit: 'MiB', better: 'less', judged: false },
]
