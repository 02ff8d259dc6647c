import { setTimeout as pause } from 'node:timers/promises'

type Bytes = AsyncIterable<Uint8Array>

/** Thrown by a body that is cut where the script says so. */
export class CutHere extends Error {
  constructor() {
    super('the script cuts the body here')
  }
}

/** So many bytes of the body, and then `CutHere`; a shorter body ends as it does. */
export async function* cutAfter(body: Bytes, size: number): AsyncGenerator<Uint8Array> {
  let left = size
  for await (const chunk of body) {
    if (chunk.length >= left) {
      if (left > 0) yield chunk.subarray(0, left)
      throw new CutHere()
    }
    left -= chunk.length
    yield chunk
  }
}

/** The body with one bit of one byte changed; a shorter body stays as it is. */
export async function* corruptAt(body: Bytes, at: number): AsyncGenerator<Uint8Array> {
  let start = 0
  for await (const chunk of body) {
    const index = at - start
    start += chunk.length
    if (index < 0 || index >= chunk.length) {
      yield chunk
      continue
    }
    const changed = Buffer.from(chunk)
    changed.writeUInt8(changed.readUInt8(index) ^ 1, index)
    yield changed
  }
}

/** The body in pieces of at most that size, with a pause before each. */
export async function* slowly(
  body: Bytes,
  { chunkSize, pauseMs }: { readonly chunkSize: number; readonly pauseMs: number },
): AsyncGenerator<Uint8Array> {
  for await (const chunk of body) {
    for (let start = 0; start < chunk.length; start += chunkSize) {
      await pause(pauseMs)
      yield chunk.subarray(start, start + chunkSize)
    }
  }
}
