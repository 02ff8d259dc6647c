import { Buffer } from 'node:buffer'
import type { Readable } from 'node:stream'
import { HttpInputError } from './http-input-error.ts'

/** How `readBody` bounds what it reads. */
export interface ReadBodyOptions {
  /** The most bytes that are taken; one more is refused. */
  readonly sizeMax: number
  /** What Content-Length says, where it came: a larger body is refused before a byte is read, another length at the end. */
  readonly size?: number | null
}

/**
 * Reads a small body whole.
 *
 * Fails with `BodyTooLarge` as soon as the limit is passed, leaving the rest unread (the adapter deals with it), and with
 * `BodyTruncated` where the client went away or sent another length than it said; what the adapter gave up comes out as it is.
 */
export function readBody(body: Readable, options: ReadBodyOptions): Promise<Buffer> {
  const { sizeMax, size = null } = options
  if (size !== null && size > sizeMax) return Promise.reject(tooLarge(sizeMax))
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let length = 0
    const settle = (error: HttpInputError | null): void => {
      body.off('data', onData).off('end', onEnd).off('close', onClose)
      if (error !== null) {
        body.pause()
        reject(error)
      } else resolve(chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks, length))
    }
    const onData = (chunk: Buffer): void => {
      length += chunk.length
      if (length > sizeMax) settle(tooLarge(sizeMax))
      else chunks.push(chunk)
    }
    const onEnd = (): void => settle(size === null || size === length ? null : truncated())
    const onClose = (): void => settle(body.errored instanceof HttpInputError ? body.errored : truncated())
    // The error listener stays: a stream that breaks after we have turned away must not bring the process down.
    body.on('error', onClose)
    body.on('data', onData).on('end', onEnd).on('close', onClose)
    // Somebody has read it to its end: there was nothing in it, or the length says that there was.
    if (body.readableEnded) onEnd()
    else if (body.destroyed) onClose()
  })
}

function tooLarge(sizeMax: number): HttpInputError {
  return new HttpInputError('BodyTooLarge', 'body', `The body is larger than ${sizeMax} bytes.`)
}

function truncated(): HttpInputError {
  return new HttpInputError('BodyTruncated', 'body', 'The body is not as long as the request said.')
}
