import { pino } from 'pino'
import type { DestinationStream, Logger } from 'pino'
import type { LogLevel } from './log-level.ts'

/** The log of a server: a line of JSON for each entry. What is logged is named field by field, never a request or a header as a whole. */
export function serverLog(output: DestinationStream, level: LogLevel): Logger {
  return pino({ level, base: null }, output)
}
