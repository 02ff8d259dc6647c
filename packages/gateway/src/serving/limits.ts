import type { NodeAdapterOptions } from '@stowage/http'

/** Every bound of the server, as a config file may set it. What each one does is in `LIMITS`. */
export interface ServerLimits {
  readonly connectionsMax: number
  readonly headSecondsMax: number
  readonly headSizeMax: number
  readonly headersMax: number
  readonly bodySizeMax: number
  readonly bodyIdleSecondsMax: number
  readonly bodyBytesPerSecondMin: number
  readonly bodyWindowSeconds: number
  readonly answerBytesPerSecondMin: number
  readonly answerWindowSeconds: number
  readonly idleSecondsMax: number
  readonly keepAliveSeconds: number
  readonly stsPerAddressMinuteMax: number
  readonly stsPerSubjectMinuteMax: number
  readonly tenantsOpenMax: number
  readonly tenantIdleSeconds: number
  readonly tenantRequestsMax: number
  readonly shutdownSecondsMax: number
}

/** One bound: what it is without a config file, what a config file may make of it, and what it does. */
export interface LimitRow {
  readonly unit: 'bytes' | 'bytes a second' | 'seconds' | ''
  readonly default: number
  readonly min: number
  readonly max: number
  /** What is bounded, and what whoever goes beyond it gets. */
  readonly meaning: string
}

const DAY_SECONDS = 86_400
const GIB = 2 ** 30

/** The bounds, in the order in which a connection meets them: the source of `--help`, of the config file's checks and of `docs/limits.md`. */
export const LIMITS: Readonly<Record<keyof ServerLimits, LimitRow>> = {
  connectionsMax: { unit: '', default: 10_000, min: 1, max: 1_000_000, meaning: 'connections at a time; more are closed at once' },
  headSecondsMax: {
    unit: 'seconds',
    default: 15,
    min: 0.1,
    max: DAY_SECONDS,
    meaning: 'from the beginning of a request to the end of its headers, and of a TLS handshake; then 408, and closed',
  },
  headSizeMax: {
    unit: 'bytes',
    default: 16_384,
    min: 1_024,
    max: 1_048_576,
    meaning: 'the first line and the headers of a request; more is answered 431',
  },
  headersMax: { unit: '', default: 500, min: 10, max: 1_000, meaning: 'headers of a request; more are answered 431' },
  bodySizeMax: {
    unit: 'bytes',
    default: 5 * GIB,
    min: 1,
    max: 5 * GIB,
    meaning: 'an object put in one request, and a part; more is answered EntityTooLarge',
  },
  bodyIdleSecondsMax: {
    unit: 'seconds',
    default: 60,
    min: 0.1,
    max: DAY_SECONDS,
    meaning: 'without a byte of a body that is due; then RequestTimeout, and nothing is written',
  },
  bodyBytesPerSecondMin: {
    unit: 'bytes a second',
    default: 1_024,
    min: 0,
    max: GIB,
    meaning: 'the least that comes of a body in each window; below it RequestTimeout',
  },
  bodyWindowSeconds: { unit: 'seconds', default: 30, min: 0.1, max: DAY_SECONDS, meaning: 'the window over which that is counted' },
  answerBytesPerSecondMin: {
    unit: 'bytes a second',
    default: 1_024,
    min: 0,
    max: GIB,
    meaning: 'the least that a client reads of an answer in each window; below it the connection is cut',
  },
  answerWindowSeconds: { unit: 'seconds', default: 30, min: 0.1, max: DAY_SECONDS, meaning: 'the window over which that is counted' },
  idleSecondsMax: {
    unit: 'seconds',
    default: 120,
    min: 0.1,
    max: DAY_SECONDS,
    meaning: 'without a byte either way in the middle of a request: a client that stops reading is cut off',
  },
  keepAliveSeconds: { unit: 'seconds', default: 65, min: 0.1, max: DAY_SECONDS, meaning: 'a connection is kept for its next request' },
  stsPerAddressMinuteMax: {
    unit: '',
    default: 600,
    min: 1,
    max: 1_000_000,
    meaning: 'requests for temporary credentials from one address in a minute; more are answered Throttling',
  },
  stsPerSubjectMinuteMax: {
    unit: '',
    default: 60,
    min: 1,
    max: 1_000_000,
    meaning: 'temporary credentials for one key, or one user, in a minute; more are answered Throttling',
  },
  tenantsOpenMax: {
    unit: '',
    default: 128,
    min: 1,
    max: 10_000,
    meaning: 'tenants open at a time; others wait up to ten seconds, then SlowDown',
  },
  tenantIdleSeconds: { unit: 'seconds', default: 300, min: 1, max: DAY_SECONDS, meaning: 'a tenant that nobody uses stays open' },
  tenantRequestsMax: {
    unit: '',
    default: 64,
    min: 1,
    max: 100_000,
    meaning: 'requests at a time of a tenant that is not given a number; more are answered SlowDown',
  },
  shutdownSecondsMax: { unit: 'seconds', default: 60, min: 0, max: DAY_SECONDS, meaning: 'for requests under way after a signal' },
}

/** The bounds in full: those of a config file, and the default of each that it leaves out. */
export function completeLimits(given: Partial<ServerLimits>): ServerLimits {
  const limitOf = (name: keyof ServerLimits): number => given[name] ?? LIMITS[name].default
  return {
    connectionsMax: limitOf('connectionsMax'),
    headSecondsMax: limitOf('headSecondsMax'),
    headSizeMax: limitOf('headSizeMax'),
    headersMax: limitOf('headersMax'),
    bodySizeMax: limitOf('bodySizeMax'),
    bodyIdleSecondsMax: limitOf('bodyIdleSecondsMax'),
    bodyBytesPerSecondMin: limitOf('bodyBytesPerSecondMin'),
    bodyWindowSeconds: limitOf('bodyWindowSeconds'),
    answerBytesPerSecondMin: limitOf('answerBytesPerSecondMin'),
    answerWindowSeconds: limitOf('answerWindowSeconds'),
    idleSecondsMax: limitOf('idleSecondsMax'),
    keepAliveSeconds: limitOf('keepAliveSeconds'),
    stsPerAddressMinuteMax: limitOf('stsPerAddressMinuteMax'),
    stsPerSubjectMinuteMax: limitOf('stsPerSubjectMinuteMax'),
    tenantsOpenMax: limitOf('tenantsOpenMax'),
    tenantIdleSeconds: limitOf('tenantIdleSeconds'),
    tenantRequestsMax: limitOf('tenantRequestsMax'),
    shutdownSecondsMax: limitOf('shutdownSecondsMax'),
  }
}

/** Reads the bounds out of `limits` of a config file. Throws with a sentence that names the place for what is no such number. */
export function parseLimits(given: Readonly<Record<string, unknown>>, at: string): Partial<ServerLimits> {
  const limits: Record<string, number> = {}
  for (const [name, row] of Object.entries(LIMITS)) {
    const value = given[name]
    if (value !== undefined) limits[name] = parseLimit(value, { row, at: `${at}.${name}` })
  }
  return limits
}

/** The bounds that the HTTP adapter keeps. */
export function adapterLimits(limits: ServerLimits): NodeAdapterOptions {
  return {
    headersMax: limits.headersMax,
    bodyIdleMilliseconds: limits.bodyIdleSecondsMax * 1000,
    bodyBytesPerSecondMin: limits.bodyBytesPerSecondMin,
    bodyWindowMilliseconds: limits.bodyWindowSeconds * 1000,
    answerIdleMilliseconds: limits.idleSecondsMax * 1000,
    answerBytesPerSecondMin: limits.answerBytesPerSecondMin,
    answerWindowMilliseconds: limits.answerWindowSeconds * 1000,
  }
}

/** The bounds as `stowage serve --help` lists them. */
export function limitsHelp(): string {
  const rows = Object.entries(LIMITS).map(([name, row]) => ({ name, value: formatLimit(row), meaning: row.meaning }))
  const width = (texts: readonly string[]): number => Math.max(...texts.map((text) => text.length))
  const nameWidth = width(rows.map(({ name }) => name))
  const valueWidth = width(rows.map(({ value }) => value))
  return rows.map(({ name, value, meaning }) => `  ${name.padEnd(nameWidth)}  ${value.padStart(valueWidth)}  ${meaning}\n`).join('')
}

/** The default of a bound with its unit. */
export function formatLimit({ unit, default: value }: LimitRow): string {
  return `${value.toLocaleString('en-US')} ${unit}`.trimEnd()
}

function parseLimit(given: unknown, { row, at }: { readonly row: LimitRow; readonly at: string }): number {
  const { max, min, unit } = row
  const mayBeBroken = unit === 'seconds'
  if (typeof given === 'number' && given >= min && given <= max && (mayBeBroken || Number.isInteger(given))) return given
  throw new Error(`${at} must be a ${mayBeBroken ? '' : 'whole '}number from ${min} to ${max}${unit === '' ? '' : ` (${unit})`}.`)
}
