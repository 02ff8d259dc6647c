const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const IMF_FIXDATE = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), (\d\d) ([A-Z][a-z]{2}) (\d{4}) (\d\d):(\d\d):(\d\d) GMT$/
const RFC_850 = /^(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day, (\d\d)-([A-Z][a-z]{2})-(\d\d) (\d\d):(\d\d):(\d\d) GMT$/
const ASCTIME = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) ([A-Z][a-z]{2}) ([ \d]\d) (\d\d):(\d\d):(\d\d) (\d{4})$/

/** Writes an IMF-fixdate, the only form HTTP lets a sender write (RFC 9110 §5.6.7). Parts of a second are dropped. */
export function formatHttpDate(date: Date): string {
  return date.toUTCString()
}

/**
 * Reads the three forms of an HTTP date (RFC 9110 §5.6.7); null for anything else, and for days that do not exist.
 *
 * The name of the week day is not held against the date. `now` decides the century of the two-digit year of RFC 850:
 * a date more than 50 years ahead lies in the past.
 */
export function parseHttpDate(text: string, now: Date): Date | null {
  const imf = IMF_FIXDATE.exec(text)
  if (imf !== null) return build({ year: imf[3], month: imf[2], day: imf[1] }, [imf[4], imf[5], imf[6]])
  const asctime = ASCTIME.exec(text)
  if (asctime !== null) return build({ year: asctime[6], month: asctime[1], day: asctime[2] }, [asctime[3], asctime[4], asctime[5]])
  const old = RFC_850.exec(text)
  if (old === null) return null
  const century = Math.floor(now.getUTCFullYear() / 100) * 100
  const year = century + Number(old[3])
  const horizon = new Date(now)
  horizon.setUTCFullYear(now.getUTCFullYear() + 50)
  const date = build({ year: String(year), month: old[2], day: old[1] }, [old[4], old[5], old[6]])
  if (date !== null && date <= horizon) return date
  return build({ year: String(year - 100), month: old[2], day: old[1] }, [old[4], old[5], old[6]])
}

interface DayParts {
  readonly year: string | undefined
  readonly month: string | undefined
  readonly day: string | undefined
}

function build(parts: DayParts, time: readonly (string | undefined)[]): Date | null {
  const month = MONTHS.indexOf(parts.month ?? '')
  const day = Number(parts.day)
  const [hour = NaN, minute = NaN, second = NaN] = time.map(Number)
  // The grammar allows a leap second; Date carries it over into the next minute.
  if (month < 0 || !(hour <= 23 && minute <= 59 && second <= 60)) return null
  const date = new Date(0)
  date.setUTCFullYear(Number(parts.year), month, day)
  if (date.getUTCDate() !== day || date.getUTCMonth() !== month) return null
  date.setUTCHours(hour, minute, second)
  return date
}
