import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'

/** What a process understands: each command with its input and its answer. */
export type CommandMap = Readonly<Record<string, { readonly input: unknown; readonly output: unknown }>>

type Question = { readonly id: number; readonly command: string; readonly input: unknown }
type Answer = { readonly id: number; readonly output?: unknown; readonly error?: string }

/** A process of its own that answers commands over IPC. What is measured, and what measures, never share one. */
export class Child<C extends CommandMap> {
  readonly #process: ChildProcess
  readonly #waiting = new Map<number, { readonly resolve: (output: never) => void; readonly reject: (error: Error) => void }>()
  #next = 0

  /** `flags` are given to Node.js besides those of this process. */
  constructor(file: URL, flags: readonly string[] = []) {
    // libuv's pool as `stowage` sets it: four threads would let four slow syncs stall every other file call.
    const env = { ...process.env, UV_THREADPOOL_SIZE: '16' }
    this.#process = fork(file, { env, execArgv: [...process.execArgv, ...flags] })
    this.#process.on('message', (message: Answer) => this.#settle(message))
    this.#process.on('exit', (code, signal) => this.#fail(new Error(`${file.pathname.split('/').at(-1)} ended early (${code ?? signal})`)))
  }

  get pid(): number {
    return this.#process.pid ?? 0
  }

  call<N extends keyof C & string>(command: N, input: C[N]['input']): Promise<C[N]['output']> {
    const id = this.#next++
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject })
      this.#process.send({ id, command, input } satisfies Question, (error) => {
        if (error !== null) this.#settle({ id, error: error.message })
      })
    })
  }

  /** Ends the process in its own time: it closes what it has open and exits. */
  async stop(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return
    const exited = once(this.#process, 'exit')
    this.#process.disconnect()
    await exited
  }

  #settle({ id, output, error }: Answer): void {
    const waiting = this.#waiting.get(id)
    this.#waiting.delete(id)
    if (error === undefined) waiting?.resolve(output as never)
    else waiting?.reject(new Error(error))
  }

  #fail(error: Error): void {
    for (const { reject } of this.#waiting.values()) reject(error)
    this.#waiting.clear()
  }
}

type Handlers<C extends CommandMap> = { readonly [N in keyof C]: (input: C[N]['input']) => C[N]['output'] | Promise<C[N]['output']> }

/** The other end: answers commands until the parent lets go, then runs `close` and exits. */
export function answerCommands<C extends CommandMap>(handlers: Handlers<C>, close: () => Promise<void> = () => Promise.resolve()): void {
  process.on('message', (question: Question) => {
    const handler = handlers[question.command]
    const answer = (message: Omit<Answer, 'id'>): void => void process.send?.({ id: question.id, ...message } satisfies Answer)
    Promise.resolve()
      .then(() => handler?.(question.input))
      .then(
        (output) => answer({ output }),
        (error: unknown) => answer({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
      )
  })
  process.on('disconnect', () => {
    close().then(
      () => process.exit(0),
      (error: unknown) => {
        console.error(error)
        process.exit(1)
      },
    )
  })
}
