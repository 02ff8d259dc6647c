import type { IncomingMessage } from 'node:http'
import { StorageError } from '@stowage/core/backend'
import type { BlobKey, ByteRange } from '@stowage/core/backend'
import { isMissing } from './missing-object.ts'
import { readHashHeader, UnreadableAnswer } from './object-facts.ts'
import { objectPath, withQuery } from './object-path.ts'
import { readText } from './read-text.ts'
import { readRefusal } from './refusal.ts'
import { withRetries } from './retry.ts'
import type { Store } from './store.ts'

/** Which bytes are asked for; `range` null stands for all of them, `generation` for that content and no other. */
export interface RangeRequest {
  readonly key: BlobKey
  readonly range: ByteRange | null
  readonly generation: string | null
  readonly signal?: AbortSignal | undefined
}

/** An answer that holds exactly these bytes, none of them read. */
export interface OpenedRange {
  readonly response: IncomingMessage
  readonly range: ByteRange
  readonly generation: string
  /** Of the whole blob, where the range is the whole blob and the service says it. */
  readonly crc32c: number | null
}

/** Opens a range that is not empty, or a whole blob. Rejects with `BlobDamaged` where the range does not lie within the blob. */
export function openRange(store: Store, request: RangeRequest): Promise<OpenedRange> {
  const { key, range, generation, signal } = request
  const target = withQuery(objectPath(store.options, key), { alt: 'media', generation })
  const headers = {
    // The bytes as they are stored: without it the service unpacks what it takes for packed. Cloud Storage, "Transcoding of gzip-compressed files".
    'accept-encoding': 'gzip',
    ...(range === null ? {} : { range: `bytes=${range.start}-${range.end - 1}` }),
  }
  return withRetries({ store, signal }, async () => {
    const response = await store.transport.open({ method: 'GET', target, headers, signal })
    const status = response.statusCode ?? 0
    if (status === 200 || status === 206) {
      try {
        return readOpened(response, request)
      } catch (error) {
        response.destroy()
        throw error
      }
    }
    const refusal = readRefusal(status, response.headers, await readText(response, signal))
    if (status === 416 && range !== null) throw outside(key, range.end, sizeOf(response))
    if (await isMissing(store, { refusal, key, signal })) throw new StorageError('BlobNotFound', { blob: key }, { cause: refusal })
    throw refusal
  })
}

function readOpened(response: IncomingMessage, { key, range, generation: asked }: RangeRequest): OpenedRange {
  const { headers } = response
  const contentRange = headers['content-range']
  const encoding = headers['content-encoding'] ?? 'identity'
  const stored = headers['x-goog-stored-content-encoding'] ?? 'identity'
  if (encoding !== 'identity' && encoding !== stored) throw new UnreadableAnswer('the answer was packed on its way')
  const generation = headers['x-goog-generation']
  // Every answer of the service says it: what does not is the page of somebody in between.
  if (typeof generation !== 'string' || generation === '') throw new UnreadableAnswer('the answer does not say which content it is of')
  if (asked !== null && generation !== asked) throw new UnreadableAnswer('the answer is of another content than was asked for')
  const storedLength = headers['x-goog-stored-content-length']
  const length = Number(headers['content-length'] ?? storedLength ?? Number.NaN)
  if (!Number.isSafeInteger(length)) throw new UnreadableAnswer('the answer does not say how long it is')
  // The header says what it is, not the status: a range that is the whole may be answered as the whole, and the other way round.
  const size = Number(storedLength ?? length)
  const covered = contentRange === undefined ? { start: 0, end: size, size } : parseContentRange(contentRange)
  if (covered.end - covered.start !== length) throw new UnreadableAnswer('the answer is not as long as what it is of')
  if (range === null) {
    if (length !== covered.size) throw new UnreadableAnswer('the answer is a part and should be the whole')
    return { response, range: { start: 0, end: length }, generation, crc32c: readHashHeader(headers['x-goog-hash']) }
  }
  if (covered.start !== range.start || covered.end > range.end) throw new UnreadableAnswer('the answer has other bytes than were asked for')
  if (covered.end < range.end) throw outside(key, range.end, covered.size)
  const isWhole = range.start === 0 && covered.size === range.end
  return { response, range, generation, crc32c: isWhole ? readHashHeader(headers['x-goog-hash']) : null }
}

function parseContentRange(header: string): ByteRange & { readonly size: number } {
  // Google's own emulator says `bytes 0--1/0` of nothing.
  const [, first, last, size] = /^bytes (\d+)-(-?\d+)\/(\d+)$/.exec(header) ?? []
  if (size === undefined) throw new UnreadableAnswer('the answer does not say which bytes it has')
  return { start: Number(first), end: Number(last) + 1, size: Number(size) }
}

/** The size of a blob that a range does not lie within, where the service says it. */
function sizeOf({ headers }: IncomingMessage): number | null {
  const size = /^bytes \*\/(\d+)$/.exec(headers['content-range'] ?? '')?.[1]
  return size === undefined ? null : Number(size)
}

/** Ranges come from what was committed, so the object is not what it was then. */
export function outside(key: BlobKey, end: number, size: number | null): StorageError<'BlobDamaged'> {
  const held = size === null ? 'fewer bytes' : `${size} bytes`
  return new StorageError('BlobDamaged', { blob: key, reason: `it holds ${held}, ${end} were expected` })
}
