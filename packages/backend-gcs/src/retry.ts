import { mayPass, NoConnection } from './errors.ts'
import type { ParsedOptions } from './options.ts'
import { Refusal } from './refusal.ts'

/** What an attempt is told. */
export interface Attempt {
  /** From 1 on. */
  readonly number: number
  /** Whether an earlier one failed in a way that leaves open whether it was carried out. */
  readonly isDoubtful: boolean
}

type RetryDelays = Pick<ParsedOptions, 'attemptsMax' | 'retryDelaySeconds' | 'retryDelayMaxSeconds'>

/** How calls are repeated. */
export interface RetryOptions {
  /** How often, how far apart, and until when. */
  readonly store: { readonly options: RetryDelays; readonly closed: AbortSignal }
  /** Ends the waits, too. */
  readonly signal?: AbortSignal | undefined
}

/**
 * Repeats a call that may succeed later, with growing waits, and rejects with what the last attempt failed with, or with
 * `signal.reason`. When the backend is closed, waits end with `Closed`.
 *
 * Everything that this backend sends may be sent twice: names are never used twice, and whatever makes an object says that there
 * must be none (`ifGenerationMatch=0`). Credentials that are refused are asked for once more: they may just have been renewed.
 */
export async function withRetries<T>({ store, signal }: RetryOptions, run: (attempt: Attempt) => Promise<T>): Promise<T> {
  const { options, closed } = store
  let isDoubtful = false
  let hasRenewed = false
  for (let number = 1; ; number += 1) {
    try {
      return await run({ number, isDoubtful })
    } catch (error) {
      signal?.throwIfAborted()
      const renews: boolean = error instanceof Refusal && error.status === 401 && !hasRenewed
      hasRenewed ||= renews
      if (number >= options.attemptsMax || !(renews || mayPass(error))) throw error
      isDoubtful ||= leavesDoubt(error)
      await pause(delayBefore(number, error, options) * 1000, [signal, closed])
    }
  }
}

/** Whether a call that failed so may have been carried out all the same: everything but a plain refusal, and what was never sent. */
export function leavesDoubt(error: unknown): boolean {
  if (error instanceof NoConnection) return false
  return !(error instanceof Refusal) || error.status >= 500 || error.status === 408
}

/** Waits, and rejects with the reason of the first signal that says so. */
function pause(milliseconds: number, signals: readonly (AbortSignal | undefined)[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = (settle: () => void): void => {
      clearTimeout(timer)
      for (const signal of signals) signal?.removeEventListener('abort', onAbort)
      settle()
    }
    const onAbort = (): void => end(() => reject(signals.find((signal) => signal?.aborted === true)?.reason))
    const timer = setTimeout(() => end(resolve), milliseconds)
    for (const signal of signals) signal?.addEventListener('abort', onAbort)
    if (signals.some((signal) => signal?.aborted === true)) onAbort()
  })
}

let spread = 0

/** How long to wait before attempt `number + 1`, in seconds: twice as long each time, spread so that many that failed together come back apart. */
export function delayBefore(number: number, error: unknown, options: RetryDelays): number {
  const grown = Math.min(options.retryDelaySeconds * 2 ** (number - 1), options.retryDelayMaxSeconds)
  const asked = error instanceof Refusal ? (error.retryAfterSeconds ?? 0) : 0
  // The golden section spreads any number of waits evenly over their range, and needs no randomness.
  spread = (spread + 0.618_033_988_75) % 1
  return Math.max(grown * (0.5 + spread / 2), Math.min(asked, options.retryDelayMaxSeconds))
}
