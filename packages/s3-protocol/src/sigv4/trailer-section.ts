import { Buffer } from 'node:buffer'
import { S3Error } from '../s3-error.ts'

/** The most bytes of trailers, their signature included. */
export const TRAILERS_SIZE_MAX = 16_384

const SIGNATURE_NAME = 'x-amz-trailer-signature'

/** What stood behind the last chunk. */
export interface TrailerFacts {
  readonly trailers: ReadonlyMap<string, string>
  /** Lower name, colon, trimmed value, line feed, for each trailer in order of arrival: what their signature covers. */
  readonly canonical: Uint8Array
  /** Null where the body is not signed. */
  readonly signature: string | null
}

/**
 * Reads the lines behind the last chunk of an aws-chunked body (AWS: sigv4-streaming-trailers).
 *
 * Refuses a trailer that `x-amz-trailer` did not announce, one that was announced and did not come, and one that came twice.
 * A line may end in a bare line feed, and an empty line may stand before the signature: one widely used client writes both.
 */
export class TrailerSection {
  readonly #announced: ReadonlySet<string>
  readonly #isSigned: boolean
  readonly #trailers = new Map<string, string>()
  #canonical = ''
  #signature: string | null = null
  #blankLines = 0
  #size = 0
  #sawBareLineFeed = false

  constructor(announced: ReadonlySet<string>, isSigned: boolean) {
    this.#announced = announced
    this.#isSigned = isSigned
  }

  /** Takes one line, without its line feed. True when the section is complete. */
  line(line: string): boolean {
    this.#size += line.length + 1
    if (this.#size > TRAILERS_SIZE_MAX) throw malformed(`they are longer than ${TRAILERS_SIZE_MAX} bytes`)
    const text = line.endsWith('\r') ? line.slice(0, -1) : line
    if (text === '') {
      this.#blankLines++
      if (!this.#isSigned || this.#signature !== null) return true
      if (this.#blankLines > 1) throw malformed('their signature is missing')
      return false
    }
    if (text.length === line.length) this.#sawBareLineFeed = true
    this.#field(text)
    return false
  }

  /** True where one more empty line may follow the end: the client that writes bare line feeds ends an unsigned body in two. */
  get mayHaveBlankLineAfter(): boolean {
    return !this.#isSigned && this.#sawBareLineFeed
  }

  /** What was read. Fails where an announced trailer did not come. */
  finish(): TrailerFacts {
    for (const name of this.#announced) if (!this.#trailers.has(name)) throw malformed(`${name} was announced and did not come`)
    return { trailers: this.#trailers, canonical: Buffer.from(this.#canonical, 'latin1'), signature: this.#signature }
  }

  #field(text: string): void {
    if (this.#signature !== null) throw malformed('nothing may follow their signature')
    const colon = text.indexOf(':')
    const name = text.slice(0, Math.max(colon, 0)).toLowerCase()
    const value = text.slice(colon + 1).replace(/^[ \t]+|[ \t]+$/g, '')
    if (!/^[a-z0-9!#$%&'*+\-.^_`|~]+$/.test(name)) throw malformed('a line has no name')
    if (/[\0\r\n]/.test(value)) throw malformed('a value holds a control character')
    if (this.#isSigned && name === SIGNATURE_NAME) {
      this.#signature = value
      return
    }
    if (this.#blankLines > 0) throw malformed('an empty line stands between them')
    if (!this.#announced.has(name)) throw malformed('one came that x-amz-trailer does not announce')
    if (this.#trailers.has(name)) throw malformed(`${name} came twice`)
    this.#trailers.set(name, value)
    this.#canonical += `${name}:${value}\n`
  }
}

function malformed(reason: string): S3Error {
  return new S3Error('MalformedTrailerError', `The trailers of the request are not well-formed: ${reason}.`)
}
