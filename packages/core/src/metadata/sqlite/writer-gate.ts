import type { WriterCommand } from './sqlite-writer.ts'

/** The way to the writer, wherever it runs. */
export interface WriterGate {
  /** Opens the database and brings its schema up to date. */
  open(): Promise<void>
  /** Resolves with the command's outcome once it is durable. */
  submit(command: WriterCommand): Promise<unknown>
  /** Finishes what was submitted. */
  close(): Promise<void>
}

/** A promise and its two ends, for an answer that comes in a message. */
export interface Pending {
  readonly command: WriterCommand
  readonly resolve: (outcome: unknown) => void
  readonly reject: (error: Error) => void
}
