import { basename } from 'node:path'
import type { Worker } from 'node:worker_threads'
import { StorageError } from '../../errors/storage-error.ts'
import { startWorker } from '../../util/worker-source.ts'
import type { WorkerSource } from '../../util/worker-source.ts'
import { decodeFault } from './fault-wire.ts'
import type { WriterCommand, WriterSettings } from './sqlite-writer.ts'
import type { Pending } from './writer-gate.ts'
import { withoutSlabs } from './without-slabs.ts'
import type { WriterReply, WriterRequest } from './writer-wire.ts'

/** Where the code of writer threads may come from: a thread there is. */
export type ThreadSource = Exclude<WorkerSource, 'inline'>

/** A file that a thread writes, or is about to. */
export interface ThreadFile {
  readonly number: number
  /** Its name, without the directory, for errors. */
  readonly store: string
  /** Commands of this tick. */
  gathered: number[]
  /** Commands without an answer. */
  readonly unanswered: Set<number>
  /** Tells `open` or `close` that the thread has done it. */
  readonly done: { resolve: () => void; reject: (error: Error) => void }
  drained: (() => void) | null
}

/**
 * A thread that writes any number of files, a group of commands of one file at a time. It ends so long after the last of them; meanwhile it does not
 * keep the process alive.
 */
export class WriterThread {
  readonly #worker: Worker
  readonly #ended: Promise<void>
  readonly #files = new Map<number, ThreadFile>()
  readonly #pending = new Map<number, Pending & { readonly file: ThreadFile }>()
  #nextFile = 1
  #nextId = 1
  #dead: Error | null = null
  #ending = false
  readonly #idleMs: number
  #idle: NodeJS.Timeout | undefined

  constructor(source: ThreadSource | undefined, idleMs: number) {
    this.#idleMs = idleMs
    const worker = startWorker(source, new URL('./sqlite-writer-worker.js', import.meta.url))
    if (worker === null) throw new TypeError('an inline writer has no thread')
    this.#worker = worker
    this.#ended = new Promise((resolve) => {
      worker.once('exit', (code) => {
        this.#die(new Error(`the writer thread ended with ${code}`))
        resolve()
      })
    })
    worker.once('error', (error) => this.#die(error instanceof Error ? error : new Error(String(error))))
    worker.on('message', (reply: WriterReply) => this.#hear(reply))
  }

  /** How many files it has. */
  get files(): number {
    return this.#files.size
  }

  /** Whether it takes further files. */
  get isOpen(): boolean {
    return this.#dead === null && !this.#ending
  }

  /** Opens a file, and brings its schema up to date. */
  async open(settings: WriterSettings, now: number): Promise<ThreadFile> {
    const file: ThreadFile = {
      number: this.#nextFile++,
      store: basename(settings.file),
      gathered: [],
      unanswered: new Set(),
      done: { resolve: () => undefined, reject: () => undefined },
      drained: null,
    }
    this.#files.set(file.number, file)
    clearTimeout(this.#idle)
    this.#worker.ref()
    try {
      await this.#ask(file, { kind: 'open', file: file.number, settings, now })
    } catch (error) {
      await this.#forget(file)
      throw error
    }
    return file
  }

  /** Resolves with the command's outcome once it is durable. */
  submit(file: ThreadFile, command: WriterCommand): Promise<unknown> {
    if (this.#dead !== null) return Promise.reject(unavailable(file, NOT_RUNNING, this.#dead))
    return new Promise((resolve, reject) => {
      const id = this.#nextId++
      this.#pending.set(id, { command, resolve, reject, file })
      file.unanswered.add(id)
      file.gathered.push(id)
      if (file.gathered.length === 1) setImmediate(() => this.#send(file))
    })
  }

  /** Finishes what was submitted to a file, and closes it. */
  async close(file: ThreadFile): Promise<void> {
    if (file.unanswered.size > 0) await new Promise<void>((resolve) => void (file.drained = resolve))
    // A thread that is gone has nothing open.
    await this.#ask(file, { kind: 'close', file: file.number }).catch(() => undefined)
    await this.#forget(file)
  }

  async #forget(file: ThreadFile): Promise<void> {
    this.#files.delete(file.number)
    if (this.#files.size > 0) return
    if (this.#idleMs === 0) {
      this.#end()
      return this.#ended
    }
    this.#worker.unref()
    this.#idle = setTimeout(() => this.#end(), this.#idleMs).unref()
  }

  #end(): void {
    this.#ending = true
    this.#post({ kind: 'end' })
  }

  #ask(file: ThreadFile, request: WriterRequest): Promise<void> {
    if (this.#dead !== null) return Promise.reject(unavailable(file, NOT_RUNNING, this.#dead))
    return new Promise((resolve, reject) => {
      Object.assign(file.done, { resolve, reject })
      this.#post(request)
    })
  }

  #post(request: WriterRequest): void {
    this.#worker.postMessage(request, [])
  }

  #send(file: ThreadFile): void {
    const ids = file.gathered
    file.gathered = []
    const commands = ids.flatMap((id) => {
      const command = this.#pending.get(id)?.command
      return command === undefined ? [] : { ...command, input: withoutSlabs(command.input) }
    })
    if (commands.length === 0) return
    try {
      this.#post({ kind: 'run', file: file.number, ids, commands })
    } catch (error) {
      // Something in it cannot cross to a thread, such as a function. Here nobody would catch it, and the process would end.
      const refusal = unavailable(file, 'a command is not plain data', error)
      for (const id of ids) this.#take(id)?.reject(refusal)
    }
  }

  #hear(reply: WriterReply): void {
    if (reply.kind === 'answers') return this.#settle(reply)
    const done = this.#files.get(reply.file)?.done
    if (reply.kind === 'failed') done?.reject(decodeFault(reply.fault))
    else done?.resolve()
  }

  #settle({ ids, answers }: Extract<WriterReply, { kind: 'answers' }>): void {
    for (const [index, id] of ids.entries()) {
      const pending = this.#take(id)
      const answer = answers[index]
      if (answer === undefined || pending === undefined) continue
      if ('fault' in answer) pending.reject(decodeFault(answer.fault))
      else pending.resolve(answer.outcome)
    }
  }

  #take(id: number): Pending | undefined {
    const pending = this.#pending.get(id)
    if (pending === undefined) return undefined
    this.#pending.delete(id)
    const { file } = pending
    file.unanswered.delete(id)
    if (file.unanswered.size === 0) file.drained?.()
    return pending
  }

  /** The thread is gone: what it was given may have been committed. */
  #die(error: Error): void {
    this.#dead ??= error
    for (const [id, { command }] of this.#pending) {
      this.#take(id)?.reject(new StorageError('OutcomeUnknown', { command: command.name }, { cause: error }))
    }
    for (const file of this.#files.values()) file.done.reject(unavailable(file, NOT_RUNNING, error))
  }
}

const NOT_RUNNING = 'the writer thread is not running'

function unavailable({ store }: ThreadFile, reason: string, cause: unknown): StorageError {
  return new StorageError('StoreUnavailable', { store, reason }, { cause })
}
