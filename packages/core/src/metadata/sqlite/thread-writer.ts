import { basename } from 'node:path'
import type { Worker } from 'node:worker_threads'
import { StorageError } from '../../errors/storage-error.ts'
import { startWorker } from '../../util/worker-source.ts'
import type { WorkerSource } from '../../util/worker-source.ts'
import { decodeFault } from './fault-wire.ts'
import type { WriterCommand, WriterSettings } from './sqlite-writer.ts'
import type { Pending, WriterGate } from './writer-gate.ts'
import { withoutSlabs } from './without-slabs.ts'
import type { WriterReply, WriterRequest, WriterStart } from './writer-wire.ts'

/** What a writer thread needs to know. */
export interface ThreadWriterOptions {
  /** Which file, and how durable. */
  readonly settings: WriterSettings
  /** Where the thread's code is. */
  readonly source: WorkerSource | undefined
  /** The store's time, in milliseconds. */
  readonly now: () => number
}

/** The writer in a thread of its own. Commands of one tick travel in one message; while one group commits, the next gathers. */
export class ThreadWriter implements WriterGate {
  readonly #options: ThreadWriterOptions
  readonly #pending = new Map<number, Pending>()
  #worker: Worker | null = null
  #ended: Promise<void> = Promise.resolve()
  #gathered: number[] = []
  #nextId = 1
  #dead: Error | null = null
  #drained: (() => void) | null = null

  constructor(options: ThreadWriterOptions) {
    this.#options = options
  }

  open(): Promise<void> {
    const { settings, source, now } = this.#options
    const start: WriterStart = { ...settings, now: now() }
    const worker = startWorker(source, new URL('./sqlite-writer-worker.js', import.meta.url), { workerData: start })
    if (worker === null) return Promise.reject(new Error('an inline writer has no thread'))
    this.#worker = worker
    this.#ended = new Promise((resolve) => {
      worker.once('exit', () => {
        this.#die(new Error('the writer thread has ended'))
        resolve()
      })
    })
    worker.once('error', (error) => this.#die(error instanceof Error ? error : new Error(String(error))))
    return new Promise((resolve, reject) => {
      // After `ready` these say nothing new.
      worker.once('error', (error) => reject(unavailable(settings.file, NOT_RUNNING, error)))
      worker.once('exit', (code) => reject(unavailable(settings.file, NOT_RUNNING, new Error(`the writer thread ended with ${code}`))))
      worker.on('message', (reply: WriterReply) => {
        if (reply.kind === 'ready') resolve()
        else if (reply.kind === 'failed') reject(decodeFault(reply.fault))
        else this.#settle(reply)
      })
    })
  }

  submit(command: WriterCommand): Promise<unknown> {
    if (this.#dead !== null) return Promise.reject(unavailable(this.#options.settings.file, NOT_RUNNING, this.#dead))
    return new Promise((resolve, reject) => {
      const id = this.#nextId++
      this.#pending.set(id, { command, resolve, reject })
      this.#gathered.push(id)
      if (this.#gathered.length === 1) setImmediate(() => this.#send())
    })
  }

  #send(): void {
    const ids = this.#gathered
    this.#gathered = []
    const commands = ids.flatMap((id) => {
      const command = this.#pending.get(id)?.command
      return command === undefined ? [] : { ...command, input: withoutSlabs(command.input) }
    })
    try {
      if (commands.length > 0) this.#post({ kind: 'run', ids, commands })
    } catch (error) {
      // Something in it cannot cross to a thread, such as a function. Here nobody would catch it, and the process would end.
      this.#refuse(ids, unavailable(this.#options.settings.file, 'a command is not plain data', error))
    }
  }

  #refuse(ids: readonly number[], error: Error): void {
    for (const id of ids) {
      this.#pending.get(id)?.reject(error)
      this.#pending.delete(id)
    }
    if (this.#pending.size === 0) this.#drained?.()
  }

  #post(request: WriterRequest): void {
    this.#worker?.postMessage(request)
  }

  #settle({ ids, answers }: Extract<WriterReply, { kind: 'answers' }>): void {
    for (const [index, id] of ids.entries()) {
      const pending = this.#pending.get(id)
      const answer = answers[index]
      this.#pending.delete(id)
      if (answer === undefined || pending === undefined) continue
      if ('fault' in answer) pending.reject(decodeFault(answer.fault))
      else pending.resolve(answer.outcome)
    }
    if (this.#pending.size === 0) this.#drained?.()
  }

  /** The thread is gone: what it was given may have been committed. */
  #die(error: Error): void {
    this.#dead ??= error
    for (const { command, reject } of this.#pending.values()) {
      reject(new StorageError('OutcomeUnknown', { command: command.name }, { cause: error }))
    }
    this.#pending.clear()
    this.#drained?.()
  }

  async close(): Promise<void> {
    if (this.#pending.size > 0) await new Promise<void>((resolve) => void (this.#drained = resolve))
    this.#post({ kind: 'close' })
    await this.#ended
    this.#worker = null
  }
}

const NOT_RUNNING = 'the writer thread is not running'

function unavailable(file: string, reason: string, cause: unknown): StorageError {
  return new StorageError('StoreUnavailable', { store: basename(file), reason }, { cause })
}
