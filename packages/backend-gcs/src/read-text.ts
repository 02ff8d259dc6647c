import type { IncomingMessage } from 'node:http'
import { UnreadableAnswer } from './object-facts.ts'

/** The longest answer that is read whole: a page of 1,000 objects has some 300 kB. */
const ANSWER_SIZE_MAX = 16 * 1024 * 1024
/** The longest text of a refusal that is read: its status says the most of it. */
const REFUSAL_SIZE_MAX = 64 * 1024

/**
 * Reads an answer. One of a success is read whole, and too long (16 MiB) or broken off it is an error; of every other the first 64 KiB are
 * read, and what is behind them is cut off with its connection.
 */
export async function readText(response: IncomingMessage, signal?: AbortSignal): Promise<string> {
  const status = response.statusCode ?? 0
  const isFine = status >= 200 && status <= 299
  const onAbort = (): void => {
    response.destroy()
  }
  signal?.addEventListener('abort', onAbort, { once: true })
  try {
    const chunks: Uint8Array[] = []
    let size = 0
    for await (const chunk of response) {
      if (!(chunk instanceof Uint8Array)) continue
      chunks.push(chunk)
      size += chunk.length
      if (isFine && size > ANSWER_SIZE_MAX) throw new UnreadableAnswer(`the service answered with more than ${ANSWER_SIZE_MAX} bytes`)
      // Leaving the loop destroys what is left.
      if (!isFine && size > REFUSAL_SIZE_MAX) break
    }
    signal?.throwIfAborted()
    const bytes = Buffer.concat(chunks)
    return (isFine ? bytes : bytes.subarray(0, REFUSAL_SIZE_MAX)).toString('utf8')
  } catch (error) {
    throw signal?.aborted === true ? signal.reason : error
  } finally {
    signal?.removeEventListener('abort', onAbort)
  }
}
