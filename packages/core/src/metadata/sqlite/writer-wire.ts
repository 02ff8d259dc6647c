import type { FaultWire } from './fault-wire.ts'
import type { WriterCommand, WriterSettings } from './sqlite-writer.ts'

/** What the writer thread is started with. */
export interface WriterStart extends WriterSettings {
  /** The store's time, for the migrations. */
  readonly now: number
}

/** What the main thread sends: commands of one tick, by numbers that the answers carry; or the wish to end. */
export type WriterRequest =
  | { readonly kind: 'run'; readonly ids: readonly number[]; readonly commands: readonly WriterCommand[] }
  | { readonly kind: 'close' }

/** What became of one command. */
export type AnswerWire = { readonly outcome: unknown } | { readonly fault: FaultWire }

/** What the writer thread sends back. */
export type WriterReply =
  | { readonly kind: 'ready' }
  | { readonly kind: 'failed'; readonly fault: FaultWire }
  | { readonly kind: 'answers'; readonly ids: readonly number[]; readonly answers: readonly AnswerWire[] }
