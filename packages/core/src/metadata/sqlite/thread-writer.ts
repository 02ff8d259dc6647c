import type { WriterCommand, WriterSettings } from './sqlite-writer.ts'
import { assert } from '../../util/assert.ts'
import type { WriterGate } from './writer-gate.ts'
import type { ThreadFile, WriterThread } from './writer-thread.ts'

/** What the way to a writer thread needs to know. */
export interface ThreadWriterOptions {
  /** Which file, and how durable. */
  readonly settings: WriterSettings
  /** Says which thread writes it. */
  readonly thread: () => WriterThread
  /** The store's time, in milliseconds. */
  readonly now: () => number
}

/** The way to one file's writer in a thread. Commands of one tick travel in one message; while one group commits, the next gathers. */
export class ThreadWriter implements WriterGate {
  readonly #options: ThreadWriterOptions
  #opened: { readonly thread: WriterThread; readonly file: ThreadFile } | null = null

  constructor(options: ThreadWriterOptions) {
    this.#options = options
  }

  async open(): Promise<void> {
    const thread = this.#options.thread()
    this.#opened = { thread, file: await thread.open(this.#options.settings, this.#options.now()) }
  }

  submit(command: WriterCommand): Promise<unknown> {
    assert(this.#opened !== null, 'a writer is opened first')
    return this.#opened.thread.submit(this.#opened.file, command)
  }

  async close(): Promise<void> {
    const opened = this.#opened
    this.#opened = null
    await opened?.thread.close(opened.file)
  }
}
