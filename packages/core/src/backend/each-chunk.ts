import type { ByteSource } from './backend.ts'

/**
 * Reads a source to its end and hands over each chunk; where `take` returns a promise, the next chunk waits for it.
 *
 * Promises: an abort is noticed while the source is silent, and rejects with `signal.reason`; on every failure the
 * iterator's `return()` is called. What the source or `take` throws comes out unchanged.
 * Does not promise that the source has stopped when it rejects: a source that hangs cannot be waited for.
 */
export async function eachChunk(
  body: ByteSource,
  signal: AbortSignal | undefined,
  take: (chunk: Uint8Array) => void | Promise<void>,
): Promise<void> {
  const iterator = body[Symbol.asyncIterator]()
  // One listener for the whole stream: racing every step with one long-lived promise would keep a reaction per chunk.
  let interrupt: ((reason: unknown) => void) | undefined
  const onAbort = (): void => interrupt?.(signal?.reason)
  signal?.addEventListener('abort', onAbort, { once: true })
  try {
    for (;;) {
      signal?.throwIfAborted()
      const step =
        signal === undefined
          ? await iterator.next()
          : await new Promise<IteratorResult<Uint8Array>>((resolve, reject) => {
              interrupt = reject
              iterator.next().then(resolve, reject)
            })
      if (step.done === true) return
      const pause = take(step.value)
      if (pause !== undefined) await pause
    }
  } catch (error) {
    // Not awaited: a generator that hangs in next() answers return() only after it.
    void stop(iterator)
    throw error
  } finally {
    signal?.removeEventListener('abort', onAbort)
  }
}

/** Tells a source that nobody will read it: for failures before its first chunk was asked for. */
export function abandonSource(body: ByteSource): void {
  void stop(body[Symbol.asyncIterator]())
}

async function stop(iterator: AsyncIterator<Uint8Array>): Promise<void> {
  try {
    await iterator.return?.()
  } catch {
    // The caller already fails with the first error; what the source throws while it cleans up concerns nobody.
  }
}
