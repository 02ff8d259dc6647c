import { IdleTimeout } from './errors.ts'

/** How long somebody else's promise may take. */
export interface Patience {
  readonly seconds: number
  readonly signal?: AbortSignal | undefined
}

/**
 * What the promise gives; or `IdleTimeout` after that many seconds, or `signal.reason`, if that comes first. The work behind the promise goes
 * on, and what becomes of it is nobody's concern.
 */
export function inTime<T>(promise: Promise<T>, { seconds, signal }: Patience): Promise<T> {
  return new Promise((resolve, reject) => {
    const end = (settle: () => void): void => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', onAbort)
      settle()
    }
    const onAbort = (): void => end(() => reject(signal?.reason))
    const timer = setTimeout(() => end(() => reject(new IdleTimeout(seconds))), seconds * 1000)
    signal?.addEventListener('abort', onAbort, { once: true })
    if (signal?.aborted === true) onAbort()
    promise.then(
      (value) => end(() => resolve(value)),
      (error: unknown) => end(() => reject(error)),
    )
  })
}
