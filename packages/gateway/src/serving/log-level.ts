/** How much is said, the least first. `warn` tells of faults of ours, `info` of every request. */
export const LOG_LEVELS = ['silent', 'error', 'warn', 'info', 'debug'] as const
/** One of them. */
export type LogLevel = (typeof LOG_LEVELS)[number]
