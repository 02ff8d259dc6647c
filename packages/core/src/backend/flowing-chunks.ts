import { Readable } from 'node:stream'
import type { ByteSource } from './backend.ts'

/** Whether a source is a Node stream that nobody has begun to read: then `flowingChunks` reads it. */
export function canFlow(body: ByteSource): body is Readable {
  return body instanceof Readable && body.readableFlowing === null && !body.destroyed && !body.readableEnded
}

/**
 * As `eachChunk`, for a stream of which all will be kept: chunks come as fast as the stream gives them, and nothing makes it wait.
 * For small bodies: the iterator of a stream, with its listeners and promises, costs more than hashing 4 KiB.
 */
export function flowingChunks(body: Readable, signal: AbortSignal | undefined, take: (chunk: Uint8Array) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const forget = (): void => {
      body.off('data', onData).off('end', onEnd).off('error', onFail).off('close', onClose)
      signal?.removeEventListener('abort', onAbort)
    }
    const onEnd = (): void => {
      forget()
      resolve()
    }
    const onFail = (error: unknown): void => {
      forget()
      reject(error)
      if (!body.destroyed) stop(body)
    }
    const onData = (chunk: Uint8Array): void => {
      try {
        take(chunk)
      } catch (error) {
        onFail(error)
      }
    }
    const onClose = (): void => onFail(new Error('the source was closed before its end'))
    const onAbort = (): void => onFail(signal?.reason)
    if (signal?.aborted === true) {
      onAbort()
      return
    }
    signal?.addEventListener('abort', onAbort, { once: true })
    body.on('end', onEnd).on('error', onFail).on('close', onClose).on('data', onData)
  })
}

/** As who leaves a loop over it: a request of node:http must keep its connection, to be answered, and only its iterator knows how. */
function stop(body: Readable): void {
  body.pause()
  // What it fails with then concerns nobody.
  body.on('error', () => undefined)
  const iterator = body[Symbol.asyncIterator]()
  iterator.next().catch(() => undefined)
  iterator.return?.().catch(() => undefined)
}
