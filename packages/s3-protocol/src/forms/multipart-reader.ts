import { Buffer } from 'node:buffer'
import type { ByteSource } from '@stowage/core'
import { HttpInputError } from '@stowage/http'
import { S3Error } from '../s3-error.ts'
import { malformedForm } from './form-error.ts'
import { decodeUtf8, parsePartHead } from './part-head.ts'
import type { PartHead } from './part-head.ts'

/** The most bytes before the content of the file: fields, headers and boundaries. What AWS allows (sigv4-HTTPPOSTForms). */
export const FIELDS_SIZE_MAX: number = 20 * 1024
/** The most parts before the file. */
export const FIELDS_MAX = 100
/** The most bytes behind the file. What is in them does not count; all of them are read, to see that the form is whole. */
export const REST_SIZE_MAX: number = 64 * 1024

const NOTHING = Buffer.alloc(0)
const LINE_END = Buffer.from('\r\n')
const BLANK_LINE = Buffer.from('\r\n\r\n')

/**
 * Reads a multipart/form-data body (RFC 7578, RFC 2046 §5.1) part by part, as it comes. Strict: lines end in CRLF, nothing stands before
 * the first boundary, a line that begins with the boundary is one or the body is refused, and the last boundary must come.
 *
 * Promises: holds no more than the limits and one chunk of what came; content is handed out as views of it. Fails with
 * `MalformedPOSTRequest`, with `MaxPostPreDataLengthExceeded` beyond a limit, with `IncompleteBody` where the client went away.
 */
export class MultipartReader {
  readonly #source: ByteSource
  readonly #iterator: AsyncIterator<Uint8Array>
  /** A boundary as it stands in the body, with the end of the line before it, which is no content. */
  readonly #delimiter: Buffer
  /** What has come and was not looked at. The body begins as if a line had ended. */
  #unread: Buffer = LINE_END
  #inContent = true
  #spent = 0
  #parts = 0
  /** Weak: what is never given back must not stay here. */
  readonly #received = new WeakMap<Uint8Array, Uint8Array>()

  constructor(source: ByteSource, boundary: string) {
    this.#source = source
    this.#iterator = source[Symbol.asyncIterator]()
    this.#delimiter = Buffer.from(`\r\n--${boundary}`, 'latin1')
  }

  /** The head of the next part; null behind the last. What is left of the one before must have been read. */
  async nextPart(): Promise<PartHead | null> {
    if (this.#parts === 0) await this.#begin()
    if (!(await this.#partFollows())) return null
    this.#parts += 1
    this.#spend(LINE_END.length)
    // The file itself is one.
    if (this.#parts > FIELDS_MAX + 1) throw tooLong()
    const head = await this.#head()
    this.#inContent = true
    return parsePartHead(head)
  }

  /** The content of a field. */
  async text(): Promise<string> {
    const chunks: Buffer[] = []
    for (let chunk = await this.#content(); chunk !== null; chunk = await this.#content()) {
      this.#spend(chunk.length)
      chunks.push(chunk)
    }
    this.#spend(this.#delimiter.length)
    return decodeUtf8(Buffer.concat(chunks))
  }

  /** The next bytes of the part's content; null behind its last. */
  async chunk(): Promise<Uint8Array | null> {
    return this.#content()
  }

  /** Reads what stands behind the part that was read, to the end of the body, and makes nothing of it. */
  async finish(): Promise<void> {
    let size = 0
    const count = (bytes: number): void => {
      size += bytes
      if (size > REST_SIZE_MAX) throw malformedForm(`more than ${REST_SIZE_MAX} bytes follow the file`)
    }
    while (await this.#partFollows()) {
      this.#inContent = true
      for (let chunk = await this.#content(); chunk !== null; chunk = await this.#content()) count(chunk.length)
      count(this.#delimiter.length)
    }
    count(this.#unread.length)
    for (let step = await this.#pull(); step !== null; step = await this.#pull()) count(step.length)
  }

  /** Gives the body up: nobody will read the rest. May be called more than once. */
  async abandon(): Promise<void> {
    try {
      await this.#iterator.return?.()
    } catch {
      // Whoever gives it up has an error of his own already.
    }
  }

  /** Takes a chunk back whose bytes are needed no more. */
  release(chunk: Uint8Array): void {
    const received = this.#received.get(chunk)
    if (received === undefined) return
    this.#received.delete(chunk)
    this.#source.releaseChunk?.(received)
  }

  /** The first boundary: the body begins with it, or with an empty line before it. */
  async #begin(): Promise<void> {
    let data = NOTHING
    const length = LINE_END.length + this.#delimiter.length
    while (data.length < length) {
      const chunk = this.#unread.length > 0 ? this.#unread : await this.#pull()
      this.#unread = NOTHING
      if (chunk === null) break
      data = Buffer.concat([data, chunk])
    }
    const at = data.indexOf(this.#delimiter)
    if (at !== 0 && !(at === LINE_END.length && data.subarray(0, at).equals(LINE_END))) {
      throw malformedForm('it does not begin with its boundary')
    }
    this.#unread = data.subarray(at + this.#delimiter.length)
    // Without the end of a line that did not come.
    this.#spend(at + this.#delimiter.length - LINE_END.length)
    this.#inContent = false
  }

  /** Reads on behind a boundary: two dashes after the last one, the end of the line after any other (RFC 2046 §5.1.1). */
  async #partFollows(): Promise<boolean> {
    let data = await this.#next()
    while (data.length < 2) data = Buffer.concat([data, await this.#next()])
    this.#unread = data.subarray(2)
    if (data.subarray(0, 2).equals(LINE_END)) return true
    if (data[0] === 0x2d && data[1] === 0x2d) return false
    throw malformedForm('its boundary is in the content of a part')
  }

  async #head(): Promise<Buffer> {
    let data = await this.#next()
    for (;;) {
      const end = data.indexOf(BLANK_LINE)
      if (end >= 0) {
        this.#spend(end + BLANK_LINE.length)
        this.#unread = data.subarray(end + BLANK_LINE.length)
        return data.subarray(0, end)
      }
      if (this.#spent + data.length > FIELDS_SIZE_MAX) throw tooLong()
      data = Buffer.concat([data, await this.#next()])
    }
  }

  async #content(): Promise<Buffer | null> {
    while (this.#inContent) {
      const data = await this.#next()
      const at = data.indexOf(this.#delimiter)
      if (at >= 0) {
        this.#inContent = false
        this.#unread = data.subarray(at + this.#delimiter.length)
        return at === 0 ? null : data.subarray(0, at)
      }
      const end = data.length - this.#beginningIn(data)
      // A copy: the chunk may be given back before the rest of the boundary has come.
      this.#unread = Buffer.from(data.subarray(end))
      if (end > 0) return this.#given(data, end)
    }
    return null
  }

  /** How many bytes at the end may be the beginning of a boundary. CR is in none but at its first place. */
  #beginningIn(data: Buffer): number {
    const from = data.lastIndexOf(0x0d)
    if (from < 0) return 0
    const length = data.length - from
    return length < this.#delimiter.length && data.subarray(from).equals(this.#delimiter.subarray(0, length)) ? length : 0
  }

  #given(data: Buffer, end: number): Buffer {
    const chunk = data.subarray(0, end)
    const received = this.#received.get(data)
    if (received !== undefined) this.#received.set(chunk, received)
    return chunk
  }

  /** What was not looked at. The beginning of a boundary is of use with what follows it only. */
  async #next(): Promise<Buffer> {
    const data = this.#unread
    this.#unread = NOTHING
    if (!this.#delimiter.subarray(0, data.length).equals(data)) return data
    const chunk = await this.#pull()
    if (chunk === null) throw malformedForm('it ends before its last boundary')
    return data.length === 0 ? chunk : Buffer.concat([data, chunk])
  }

  /** The next chunk that has something in it; null behind the last. */
  async #pull(): Promise<Buffer | null> {
    for (;;) {
      const step = await this.#step()
      if (step.done === true) return null
      if (step.value.length === 0) continue
      const { buffer, byteOffset, byteLength } = step.value
      const chunk = Buffer.from(buffer, byteOffset, byteLength)
      if (this.#source.releaseChunk !== undefined) this.#received.set(chunk, step.value)
      return chunk
    }
  }

  async #step(): Promise<IteratorResult<Uint8Array>> {
    try {
      return await this.#iterator.next()
    } catch (error) {
      if (error instanceof HttpInputError) throw error
      throw new S3Error('IncompleteBody', 'The request ended before its body was whole.', { cause: error })
    }
  }

  #spend(bytes: number): void {
    this.#spent += bytes
    if (this.#spent > FIELDS_SIZE_MAX) throw tooLong()
  }
}

function tooLong(): S3Error {
  return new S3Error('MaxPostPreDataLengthExceeded', 'Your POST request fields preceding the upload file were too large.', {
    fields: { MaxPostPreDataLengthBytes: String(FIELDS_SIZE_MAX) },
  })
}
