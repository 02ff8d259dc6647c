import { StorageError } from '../errors/storage-error.ts'
import { DEFAULT_LIMITS } from './limits.ts'
import type { Limits } from './limits.ts'

/** At 0 nothing could go on: a page that may look at no row leads to itself. */
const AT_LEAST_ONE: ReadonlySet<string> = new Set<keyof Limits>(['listLimitMax', 'partNumberMax', 'rowsScannedMax'])
/** What an index takes: a row of Postgres' has at most 2,704 bytes, and owner and key stand in one. */
const AT_MOST: ReadonlyMap<string, number> = new Map<keyof Limits, number>([
  ['keyBytesMax', 2_000],
  ['callerIdBytesMax', 500],
])
/** Timers of Node.js go no further: they would fire at once. */
const TIMER_SECONDS_MAX = (2 ** 31 - 1) / 1000
/** About 30,000 years: a time that is so far ahead is still one that a `Date` can say. */
const SECONDS_MAX = 1e12

/**
 * The limits that `openEngine` was given, over the defaults. Throws `InvalidArgument` for what is no limit, for a value that
 * is none, and for a lease that runs out between two heartbeats: this process would be taken for dead by itself.
 */
export function resolveLimits(given: Partial<Limits>): Limits {
  for (const [name, value] of Object.entries(given)) {
    if (!Object.hasOwn(DEFAULT_LIMITS, name)) throw invalid(name, 'is no limit')
    if (name.endsWith('Seconds')) checkSeconds(name, value)
    else checkCount(name, value)
  }
  const limits = Object.freeze({ ...DEFAULT_LIMITS, ...given })
  const { heartbeatIntervalSeconds, processLeaseSeconds } = limits
  if (!(heartbeatIntervalSeconds > 0 && heartbeatIntervalSeconds <= TIMER_SECONDS_MAX)) {
    throw invalid('heartbeatIntervalSeconds', `is more than 0, and at most ${Math.floor(TIMER_SECONDS_MAX)}`)
  }
  if (processLeaseSeconds <= heartbeatIntervalSeconds) throw invalid('processLeaseSeconds', 'is longer than heartbeatIntervalSeconds')
  return limits
}

function checkSeconds(name: string, value: number): void {
  if (!(value >= 0 && value <= SECONDS_MAX)) throw invalid(name, 'is a number of seconds, 0 or more')
}

function checkCount(name: string, value: number): void {
  const min = AT_LEAST_ONE.has(name) ? 1 : 0
  if (!(Number.isSafeInteger(value) && value >= min)) throw invalid(name, `is a whole number, ${min} or more`)
  const max = AT_MOST.get(name)
  if (max !== undefined && value > max) throw invalid(name, `is at most ${max}`)
}

function invalid(name: string, reason: string): StorageError<'InvalidArgument'> {
  return new StorageError('InvalidArgument', { argument: `limits.${name}`, reason })
}
