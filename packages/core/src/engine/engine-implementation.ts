import type { Caller } from '../policy/caller.ts'
import type { RequestFacts } from '../policy/policy.ts'
import type { BackgroundJobs } from './background/background-jobs.ts'
import { checkCaller } from './check-caller.ts'
import { collectGarbage } from './collect-garbage.ts'
import type { EngineContext } from './context.ts'
import type { CollectedGarbage, CollectGarbageOptions, Engine } from './engine.ts'
import type { Heartbeats } from './heartbeats.ts'
import { SessionImplementation } from './session-implementation.ts'
import type { Session } from './session.ts'

const NO_REQUEST: Partial<RequestFacts> = Object.freeze({})

/** The engine over stores that are open. */
export class EngineImplementation implements Engine {
  readonly #context: EngineContext
  readonly #heartbeats: Heartbeats
  readonly #background: BackgroundJobs
  #closing: Promise<void> | null = null

  constructor(context: EngineContext, heartbeats: Heartbeats, background: BackgroundJobs) {
    this.#context = context
    this.#heartbeats = heartbeats
    this.#background = background
  }

  as(caller: Caller, request: Partial<RequestFacts> = NO_REQUEST): Session {
    checkCaller(caller, this.#context.limits)
    return new SessionImplementation({ engine: this.#context, caller, request })
  }

  async policyChanged(): Promise<void> {
    const { calls, metadata, policyVersion } = this.#context
    calls.enter()
    try {
      // Where somebody else was faster, the version is another one than ours all the same: every older answer is void.
      policyVersion.heard(await metadata.raisePolicyVersion(policyVersion.current))
    } finally {
      calls.leave()
    }
  }

  async collectGarbage(options?: CollectGarbageOptions): Promise<CollectedGarbage> {
    const { calls } = this.#context
    calls.enter()
    try {
      // A machine that slept, or a clock that was set, must not make us take ourselves for dead.
      await this.#heartbeats.now()
      return await collectGarbage(this.#context, options)
    } finally {
      calls.leave()
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    const { backends, calls, hashWorkers, joins, metadata, observer, openReads, policyVersionWatch, processId } = this.#context
    // Both at once: from here on no call is taken, and no call waits for what goes on behind it.
    await Promise.all([calls.close(), this.#background.close()])
    await joins.close()
    openReads.breakOff()
    await this.#heartbeats.stop()
    await policyVersionWatch.idle()
    try {
      await metadata.endProcess(processId)
    } catch (error) {
      // Its lease runs out instead.
      observer.event('process.end-failed', { processId, error })
    }
    await closeAll([() => hashWorkers.close(), ...[...backends.values()].map((backend) => () => backend.close()), () => metadata.close()])
  }
}

/** Closes one after the other, each whatever became of those before it; rejects with the first error. */
export async function closeAll(closers: readonly (() => Promise<void>)[]): Promise<void> {
  const errors: unknown[] = []
  for (const close of closers) {
    try {
      await close()
    } catch (error) {
      errors.push(error)
    }
  }
  if (errors.length > 0) throw errors[0]
}
