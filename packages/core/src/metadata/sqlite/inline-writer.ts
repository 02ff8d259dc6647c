import type { OnStatement } from '../sql/sql-driver.ts'
import { SqliteWriter } from './sqlite-writer.ts'
import type { WriterCommand, WriterSettings } from './sqlite-writer.ts'
import type { Pending, WriterGate } from './writer-gate.ts'

/** What an inline writer needs to know. */
export interface InlineWriterOptions {
  /** Which file, and how durable. */
  readonly settings: WriterSettings
  /** The store's time, in milliseconds. */
  readonly now: () => number
  /** Fault injection of tests. */
  readonly onStatement?: OnStatement | undefined
}

/** The writer on the caller's own thread: for tests, and for bundles that have no second file. Commits block the thread. */
export class InlineWriter implements WriterGate {
  readonly #options: InlineWriterOptions
  #writer: SqliteWriter | null = null
  #waiting: Pending[] = []
  #idle: Promise<void> = Promise.resolve()

  constructor(options: InlineWriterOptions) {
    this.#options = options
  }

  /** How many transactions and commands were committed. */
  get counters(): SqliteWriter['counters'] {
    return this.#writer?.counters ?? { groups: 0, commands: 0 }
  }

  open(): Promise<void> {
    return Promise.resolve().then(() => {
      const writer = new SqliteWriter(this.#options.settings, this.#options.onStatement)
      try {
        writer.migrate(this.#options.now())
      } catch (error) {
        writer.close()
        throw error
      }
      this.#writer = writer
    })
  }

  submit(command: WriterCommand): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ command, resolve, reject })
      if (this.#waiting.length === 1) this.#schedule()
    })
  }

  #schedule(): void {
    this.#idle = new Promise((done) => {
      setImmediate(() => {
        this.#flush()
        done()
      })
    })
  }

  #flush(): void {
    const group = this.#waiting
    this.#waiting = []
    const answers = this.#writer?.run(group.map(({ command }) => command)) ?? []
    for (const [index, pending] of group.entries()) {
      const answer = answers[index]
      if (answer !== undefined && 'outcome' in answer) pending.resolve(answer.outcome)
      else pending.reject(answer?.error ?? new Error('the writer is closed'))
    }
  }

  async close(): Promise<void> {
    await this.#idle
    this.#writer?.close()
    this.#writer = null
  }
}
