import { Session } from 'node:inspector/promises'
import type { NodeWorker } from 'node:inspector'

/** What one thread did, as V8 writes it: the text of a .cpuprofile. */
export interface ThreadRecording {
  /** `main`, or the name that the worker was given. */
  readonly thread: string
  readonly profile: string
}

const INTERVAL_MICROSECONDS = 250

type Attached = NodeWorker.AttachedToWorkerEventDataType
type Send = (method: string, params?: object) => Promise<Record<string, unknown>>

/**
 * Profiles this process, its workers too, from when it is told to until it is told to stop: `--cpu-prof` would show
 * how modules are loaded, and nothing of workers that do not inherit the command line.
 */
export class ThreadProfiler {
  readonly #session = new Session()
  readonly #threads: { readonly thread: string; readonly send: Send }[] = []
  readonly #waiting = new Map<string, (message: { readonly result?: Record<string, unknown> }) => void>()
  #nextId = 1

  async start(): Promise<void> {
    const session = this.#session
    session.connect()
    this.#threads.push({
      thread: 'main',
      send: (method, params) => session.post(method as 'Profiler.enable', params as undefined) as never,
    })
    session.on('NodeWorker.attachedToWorker', ({ params }) => this.#attached(params))
    session.on('NodeWorker.receivedMessageFromWorker', ({ params }) => {
      const message = JSON.parse(params.message) as { readonly id?: number; readonly result?: Record<string, unknown> }
      const key = `${params.sessionId} ${message.id ?? ''}`
      this.#waiting.get(key)?.(message)
      this.#waiting.delete(key)
    })
    // Resolves when the workers that there are have been announced.
    await session.post('NodeWorker.enable', { waitForDebuggerOnStart: false })
    await this.#each(async ({ send }) => {
      await send('Profiler.enable')
      await send('Profiler.setSamplingInterval', { interval: INTERVAL_MICROSECONDS })
      await send('Profiler.start')
    })
  }

  async stop(): Promise<readonly ThreadRecording[]> {
    const recordings: ThreadRecording[] = []
    await this.#each(async ({ thread, send }) => {
      const { profile } = await send('Profiler.stop')
      recordings.push({ thread, profile: JSON.stringify(profile) })
    })
    this.#session.disconnect()
    return recordings
  }

  async #each(perform: (thread: { readonly thread: string; readonly send: Send }) => Promise<void>): Promise<void> {
    await Promise.all(this.#threads.map(perform))
  }

  #attached({ sessionId, workerInfo }: Attached): void {
    const send: Send = (method, params = {}) =>
      new Promise((resolve) => {
        const id = this.#nextId++
        this.#waiting.set(`${sessionId} ${id}`, ({ result }) => resolve(result ?? {}))
        const message = JSON.stringify({ id, method, params })
        void this.#session.post('NodeWorker.sendMessageToWorker', { sessionId, message })
      })
    const file = workerInfo.url.split('/').at(-1) ?? ''
    this.#threads.push({ thread: `${workerInfo.title} ${workerInfo.workerId} ${file}`.trim(), send })
  }
}
