import { StorageError } from '../errors/storage-error.ts'
import type { SessionContext } from './context.ts'
import { reportPolicyFault } from './policy-fault.ts'

/** Counts the calls that have begun and not ended, so that `close` can wait for them; refuses new ones afterwards. */
export class CallsUnderWay {
  #count = 0
  #closed = false
  #idle: (() => void) | null = null

  /** Runs one call of a session. Rejects with `StoreUnavailable` once the engine is closed. */
  async run<I, T>(call: (session: SessionContext, input: I) => Promise<T>, session: SessionContext, input: I): Promise<T> {
    this.enter()
    try {
      const refreshed = session.engine.policyVersionWatch.refresh()
      if (refreshed !== null) await refreshed
      return await call(session, input)
    } catch (error) {
      reportPolicyFault(session, error)
      throw error
    } finally {
      this.leave()
    }
  }

  /** Begins a call; each one needs its `leave`. */
  enter(): void {
    if (this.#closed) {
      throw new StorageError('StoreUnavailable', { store: 'engine', reason: 'the engine is closed' })
    }
    this.#count += 1
  }

  leave(): void {
    this.#count -= 1
    if (this.#count === 0) this.#idle?.()
  }

  /** Refuses new calls, and resolves when those under way have ended. */
  async close(): Promise<void> {
    this.#closed = true
    if (this.#count > 0) {
      await new Promise<void>((resolve) => {
        this.#idle = resolve
      })
    }
  }
}
