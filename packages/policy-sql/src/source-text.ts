import type { SourcePlace } from './unsupported-policy-error.ts'

/** A text whose places are given in bytes, as Postgres' parser gives them. */
export class SourceText {
  readonly #bytes: Buffer

  constructor(text: string) {
    this.#bytes = Buffer.from(text, 'utf8')
  }

  /** From one byte to another, without the space around it. */
  slice(from: number, to: number): string {
    return this.#bytes.toString('utf8', from, to).trim()
  }

  /** The first byte from here on that is neither space nor in a comment. */
  skipBlank(from: number): number {
    const rest = this.#bytes.toString('utf8', from)
    const blank = /^(?:\s|--[^\n]*(?:\n|$)|\/\*[\s\S]*?\*\/)*/u.exec(rest)?.[0] ?? ''
    return from + Buffer.byteLength(blank)
  }

  get length(): number {
    return this.#bytes.length
  }

  place(at: number): SourcePlace {
    const before = this.#bytes.toString('utf8', 0, at)
    const lineStart = before.lastIndexOf('\n') + 1
    return { line: before.split('\n').length, column: Array.from(before.slice(lineStart)).length + 1 }
  }
}
