import type { FaultWire } from './fault-wire.ts'
import type { WriterCommand, WriterSettings } from './sqlite-writer.ts'

/**
 * What the main thread sends. `file` is a number that it gives to each database it has opened; `ids` are numbers that the answers carry.
 * Commands of one tick travel in one message a file; `end` comes when no file is open.
 */
export type WriterRequest =
  | { readonly kind: 'open'; readonly file: number; readonly settings: WriterSettings; readonly now: number }
  | { readonly kind: 'run'; readonly file: number; readonly ids: readonly number[]; readonly commands: readonly WriterCommand[] }
  | { readonly kind: 'close'; readonly file: number }
  | { readonly kind: 'end' }

/** What became of one command. */
export type AnswerWire = { readonly outcome: unknown } | { readonly fault: FaultWire }

/** What the writer thread sends back. */
export type WriterReply =
  | { readonly kind: 'opened'; readonly file: number }
  | { readonly kind: 'failed'; readonly file: number; readonly fault: FaultWire }
  | { readonly kind: 'closed'; readonly file: number }
  | { readonly kind: 'answers'; readonly ids: readonly number[]; readonly answers: readonly AnswerWire[] }
