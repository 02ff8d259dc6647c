import type { Readable } from 'node:stream'
import { StorageError } from '@stowage/core/backend'
import type { ByteSource } from '@stowage/core/backend'

/** About half of a body, and then the error; at least the first chunk is asked for. */
export async function* cutSource(body: ByteSource, error: Error): AsyncGenerator<Uint8Array> {
  for await (const chunk of body) {
    yield chunk.subarray(0, Math.ceil(chunk.length / 2))
    break
  }
  throw error
}

/** The beginning of a stream, and then the error; the stream is destroyed. */
export async function* cutStream(stream: Readable, error: Error): AsyncGenerator<Uint8Array> {
  for await (const chunk of stream) {
    if (chunk instanceof Uint8Array) yield chunk.subarray(0, Math.floor(chunk.length / 2))
    break
  }
  throw error
}

/** Calls that hang until they are aborted, or until everything ends. */
export class Hanging {
  readonly #end = new AbortController()

  /** Rejects with the signal's reason once it aborts; never resolves. */
  until(signal: AbortSignal | undefined): Promise<never> {
    const either = AbortSignal.any(signal === undefined ? [this.#end.signal] : [signal, this.#end.signal])
    return new Promise((_, reject) => {
      const abort = (): void => reject(either.reason)
      if (either.aborted) abort()
      else either.addEventListener('abort', abort, { once: true })
    })
  }

  /** Lets every hanging call fail. */
  end(): void {
    this.#end.abort(
      new StorageError('BackendUnavailable', { backend: 'faulty', operation: 'close' }, { message: 'The backend was closed.' }),
    )
  }
}
