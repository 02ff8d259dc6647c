import type { Metric, RowId, Subject } from './report/results.ts'

/** One sentence of issue 3 about speed or memory, as data. */
export interface Target {
  readonly row: RowId
  readonly subject: Subject
  readonly metric: Metric
  /** Where the target is a share of a ceiling of the same run, its name. */
  readonly of?: Subject
  readonly atLeast?: number
  readonly atMost?: number
}

const S3: Subject = 's3/sqlite'
const ENGINE: Subject = 'engine/sqlite'

/** Of the server, in all rows but that of 32 uploads at once. In MiB. */
const SERVER_RSS_MIB_MAX = 150

/** On SQLite and fs, over S3 with signatures checked, unless the subject says otherwise. */
export const TARGETS: readonly Target[] = [
  { row: 'put-64m-1', subject: S3, metric: 'megabytesPerSecond', of: 'discard with MD5', atLeast: 0.7 },
  { row: 'put-64m-1', subject: S3, metric: 'cpuSecondsPerGb', atMost: 2.6 },
  { row: 'put-64m-4', subject: S3, metric: 'megabytesPerSecond', of: 'discard with MD5', atLeast: 1.1 },
  { row: 'put-64m-4', subject: S3, metric: 'cpuSecondsPerGb', atMost: 2.6 },
  { row: 'get-64m-1', subject: S3, metric: 'megabytesPerSecond', of: 'memory', atLeast: 0.7 },
  { row: 'get-64m-1', subject: S3, metric: 'cpuSecondsPerGb', atMost: 0.4 },
  { row: 'get-64m-4', subject: S3, metric: 'megabytesPerSecond', of: 'memory', atLeast: 0.7 },
  { row: 'get-64m-4', subject: S3, metric: 'cpuSecondsPerGb', atMost: 0.4 },
  { row: 'put-4k', subject: S3, metric: 'opsPerSecond', of: 'discard', atLeast: 0.11 },
  { row: 'get-4k', subject: S3, metric: 'opsPerSecond', of: 'memory', atLeast: 0.18 },
  { row: 'head-4k', subject: S3, metric: 'opsPerSecond', of: 'memory', atLeast: 0.24 },
  { row: 'delete-4k', subject: S3, metric: 'opsPerSecond', of: 'memory', atLeast: 0.19 },
  { row: 'complete-64', subject: S3, metric: 'completeMs', atMost: 4 },
  { row: 'complete-1000', subject: S3, metric: 'completeMs', atMost: 20 },
  { row: 'complete-10000', subject: S3, metric: 'completeMs', atMost: 150 },
  { row: 'list-small', subject: ENGINE, metric: 'p50Ms', atMost: 3 },
  { row: 'list-small', subject: S3, metric: 'p50Ms', atMost: 5 },
  { row: 'list-large', subject: ENGINE, metric: 'p50Ms', atMost: 3 },
  { row: 'list-large', subject: S3, metric: 'p50Ms', atMost: 5 },
  // "A delimiter page < 1 ms" names neither the door nor the length of the page: the engine, and the longest page there is.
  { row: 'list-delimiter', subject: ENGINE, metric: 'p50Ms', atMost: 1 },
  { row: 'list-delimiter-few', subject: ENGINE, metric: 'p50Ms', atMost: 1 },
  { row: 'memory-32', subject: S3, metric: 'rssMibPerStream', atMost: 4 },
  ...(['put-64m-1', 'put-64m-4', 'get-64m-1', 'get-64m-4', 'put-4k', 'get-4k', 'head-4k', 'delete-4k'] as const).map(rssTarget),
  ...(['complete-64', 'complete-1000', 'complete-10000', 'list-small', 'list-large', 'list-delimiter'] as const).map(rssTarget),
]

function rssTarget(row: RowId): Target {
  return { row, subject: S3, metric: 'peakRssMib', atMost: SERVER_RSS_MIB_MAX }
}
