/** Everything outside that a command may touch. Tests hand in their own. */
export interface CliContext {
  readonly argv: readonly string[]
  readonly env: Readonly<Record<string, string | undefined>>
  readonly stdout: CliOutput
  readonly stderr: CliOutput
  /** Where signals come from. */
  readonly process: SignalSource
}

/** A stream that text is written to; `isTTY` where a person is looking. */
export interface CliOutput {
  write(text: string): unknown
  readonly isTTY?: boolean
  readonly columns?: number
}

/** The part of `process` that tells of signals. */
export interface SignalSource {
  on(signal: 'SIGINT' | 'SIGTERM', listener: () => void): unknown
  off(signal: 'SIGINT' | 'SIGTERM', listener: () => void): unknown
}

/** Exit codes: what a script can tell apart. */
export const EXIT = { ok: 0, damage: 1, unusable: 2 } as const

/** Runs a command, and keeps its exit code. */
export type Run = (command: (context: CliContext) => Promise<number>) => Promise<void>
