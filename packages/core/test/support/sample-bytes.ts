/** Bytes that look like nothing else: another fill, another size and another place give another byte. */
export function sampleBytes(fill: number, size: number): Buffer {
  const bytes = Buffer.allocUnsafe(size)
  let state = (fill * 2_654_435_761 + size * 40_503 + 1) >>> 0
  for (let at = 0; at < size; at += 1) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    bytes[at] = state >>> 24
  }
  return bytes
}

/** The bytes in chunks of a size, one turn of the event loop apart, breaking off with an error behind `breaksAt` bytes. */
export async function* chunked(bytes: Uint8Array, chunkSize: number, breaksAt: number | null = null): AsyncGenerator<Uint8Array> {
  const end = breaksAt ?? bytes.length
  for (let at = 0; at < end; at += chunkSize) yield bytes.slice(at, Math.min(at + chunkSize, end))
  if (breaksAt !== null) throw new BodyBroke()
}

/** What a body throws that breaks off. Must come out of the engine as it is. */
class BodyBroke extends Error {
  readonly code = 'BodyBroke'
}

/** Reads a stream to its end. */
export async function readAll(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of stream) chunks.push(chunk)
  return Buffer.concat(chunks)
}
