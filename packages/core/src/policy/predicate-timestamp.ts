const TIMESTAMP = /^(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,6}))?)?(Z|[+-]\d\d(?::?\d\d)?)$/i

const MINUTE_MS = 60_000
/** Where both databases and `Date` agree: the years 1 to 9999. */
const EARLIEST_MS = Date.UTC(2000, 0, 1) - 730_119 * 86_400_000
const LATEST_MS = Date.UTC(10_000, 0, 1) - 1

/** Whether milliseconds since 1970 are a time that every store can hold. */
export function isStorableTime(ms: number): boolean {
  return Number.isSafeInteger(ms) && ms >= EARLIEST_MS && ms <= LATEST_MS
}

/**
 * Milliseconds since 1970 of an ISO 8601 date and time with an offset, which Postgres reads alike under every setting; null for what
 * names no certain time (no offset, words, a 30th of February), or one between two milliseconds.
 */
export function parseTimestamp(text: string): number | null {
  const found = TIMESTAMP.exec(text)
  if (found === null) return null
  const [, year = '', month = '', day = '', hour = '', minute = '', second = '0', fraction = '', offset = ''] = found
  const micros = Number(fraction.padEnd(6, '0'))
  if (micros % 1000 !== 0 || Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return null
  const date = new Date(0)
  date.setUTCFullYear(Number(year), Number(month) - 1, Number(day))
  if (date.getUTCMonth() !== Number(month) - 1 || date.getUTCDate() !== Number(day)) return null
  const minutes = offsetMinutes(offset)
  if (minutes === null) return null
  date.setUTCHours(Number(hour), Number(minute), Number(second), micros / 1000)
  const ms = date.getTime() - minutes * MINUTE_MS
  return isStorableTime(ms) ? ms : null
}

/** Postgres takes offsets below 16 hours. */
const OFFSET_HOURS_MAX = 15

function offsetMinutes(offset: string): number | null {
  if (/^z$/i.test(offset)) return 0
  const hours = Number(offset.slice(1, 3))
  const minutes = Number(offset.slice(3).replace(':', '') || '0')
  if (hours > OFFSET_HOURS_MAX || minutes > 59) return null
  return (offset.startsWith('-') ? -1 : 1) * (hours * 60 + minutes)
}
