import { optionalHeader, parseHttpDate } from '@stowage/http'
import type { HttpHeader } from '@stowage/http'
import { S3Error } from '../s3-error.ts'

/** How far the clocks of client and server may be apart: what AWS allows. */
export const SKEW_SECONDS_MAX = 900

/** When a request says it was signed. */
export interface RequestTime {
  /** YYYYMMDDTHHMMSSZ, as it stands in the string to sign. */
  readonly amzDate: string
  readonly time: Date
}

/** Reads `x-amz-date`, or `Date` where that did not come, in either form. Fails with `AccessDenied` where neither is a date, as AWS does. */
export function readRequestTime(headers: readonly HttpHeader[], now: Date): RequestTime {
  const amzDate = optionalHeader(headers, 'x-amz-date')
  const text = amzDate ?? optionalHeader(headers, 'date')
  const basic = text === null ? null : parseAmzDate(text)
  if (text !== null && basic !== null) return { amzDate: text, time: basic }
  const time = amzDate === null && text !== null ? parseHttpDate(text, now) : null
  if (time === null) throw new S3Error('AccessDenied', 'AWS authentication requires a valid Date or x-amz-date header')
  return { amzDate: formatAmzDate(time), time }
}

/** Fails with `RequestTimeTooSkewed` where the request was signed too long ago, or too far ahead. */
export function checkSkew(request: RequestTime, now: Date, skewSecondsMax: number = SKEW_SECONDS_MAX): void {
  // Written so that a date that is none (NaN) fails too.
  if (Math.abs(now.getTime() - request.time.getTime()) <= skewSecondsMax * 1000) return
  throw new S3Error('RequestTimeTooSkewed', 'The difference between the request time and the current time is too large.', {
    fields: {
      RequestTime: request.amzDate,
      ServerTime: now.toISOString(),
      MaxAllowedSkewMilliseconds: String(skewSecondsMax * 1000),
    },
  })
}

/** Reads YYYYMMDDTHHMMSSZ; null for anything else, and for days that do not exist. */
export function parseAmzDate(text: string): Date | null {
  if (!/^\d{8}T\d{6}Z$/.test(text)) return null
  const at = (start: number, end: number): number => Number(text.slice(start, end))
  const [year, month, day, hour, minute, second] = [at(0, 4), at(4, 6) - 1, at(6, 8), at(9, 11), at(11, 13), at(13, 15)]
  const time = new Date(Date.UTC(year, month, day, hour, minute, second))
  // Date carries what is too large over into the next field; whatever moved was not there.
  const isSame = time.getUTCDate() === day && time.getUTCMonth() === month && time.getUTCHours() === hour
  return isSame && minute < 60 && second < 60 && year >= 100 ? time : null
}

/** Writes YYYYMMDDTHHMMSSZ. */
export function formatAmzDate(time: Date): string {
  return `${time.toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z`
}
