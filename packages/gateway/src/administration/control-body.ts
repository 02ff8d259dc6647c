import type { IncomingMessage } from 'node:http'

/** The longest body of a question over the control socket. A JWKS of a hundred keys, and any scope, is shorter. */
const BODY_BYTES_MAX = 512 * 1024

/** Reads the JSON body of a question. Throws for what is longer than any, or no JSON. */
export async function readControlBody(message: IncomingMessage, bytesMax: number = BODY_BYTES_MAX): Promise<unknown> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of message) {
    if (!(chunk instanceof Buffer)) throw new Error('The question cannot be read.')
    size += chunk.length
    if (size > bytesMax) throw new Error('The question is too long.')
    chunks.push(chunk)
  }
  return JSON.parse(Buffer.concat(chunks).toString())
}
