import { pino } from 'pino'
import type { Logger } from 'pino'
import type { CliOutput } from './cli-context.ts'
import type { LogLevel } from './log-level.ts'

/** The log of a server: a line of JSON for each entry. What is logged is named field by field, never a request or a header as a whole. */
export function serverLog(output: CliOutput, level: LogLevel): Logger {
  return pino({ level, base: null }, { write: (line: string) => void output.write(line) })
}
