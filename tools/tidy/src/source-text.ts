/** A TypeScript source in two views of the same length, so that a position in one is the same place in the others. */
export interface SourceText {
  /** Comments blanked. */
  readonly withStrings: string
  /** Comments, regular expressions and the text of strings and templates blanked; code inside `${}` kept. */
  readonly code: string
}

/** Words after which a slash begins a regular expression. */
const BEFORE_REGEX = /(?:^|[^\w$.])(?:return|typeof|case|in|of|do|else|void|delete|throw|new|await|yield|instanceof)$/

/** Splits code from what is only text, well enough for laws that are regular expressions. No parser. */
export function readSource(text: string): SourceText {
  const withStrings = text.split('')
  const code = text.split('')
  const scan = new Scanner(text, withStrings, code)
  scan.run()
  return { withStrings: withStrings.join(''), code: code.join('') }
}

/** The line, from 1, of a position. */
export function lineAt(text: string, index: number): number {
  let line = 1
  for (let at = text.indexOf('\n'); at !== -1 && at < index; at = text.indexOf('\n', at + 1)) line += 1
  return line
}

/** The position of the bracket that closes the one at `open`, or -1. Expects the `code` view. */
export function closingBracket(code: string, open: number): number {
  const pairs: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' }
  const waiting: string[] = []
  for (let at = open; at < code.length; at += 1) {
    const char = code.charAt(at)
    const closing = pairs[char]
    if (closing !== undefined) waiting.push(closing)
    else if (char === waiting.at(-1)) {
      waiting.pop()
      if (waiting.length === 0) return at
    }
  }
  return -1
}

class Scanner {
  readonly #text: string
  readonly #withStrings: string[]
  readonly #code: string[]
  /** For each open template the depth of braces at which its `${}` ends. */
  readonly #templates: number[] = []
  #depth = 0
  #at = 0
  /** The end of what was read as code, for telling a division from a regular expression. */
  #before = ''

  constructor(text: string, withStrings: string[], code: string[]) {
    this.#text = text
    this.#withStrings = withStrings
    this.#code = code
  }

  run(): void {
    if (this.#text.startsWith('#!')) this.#blank(this.#find('\n', 0), true)
    while (this.#at < this.#text.length) this.#step()
  }

  #step(): void {
    const char = this.#text.charAt(this.#at)
    const next = this.#text.charAt(this.#at + 1)
    if (char === '/' && next === '/') this.#blank(this.#find('\n', this.#at), true)
    else if (char === '/' && next === '*') this.#blank(this.#find('*/', this.#at + 2) + 2, true)
    else if (char === "'" || char === '"') this.#string(char)
    else if (char === '`') this.#template(this.#at + 1)
    else if (char === '/' && this.#regexMayBegin()) this.#regex()
    else if (char === '}' && this.#templates.at(-1) === this.#depth) {
      this.#templates.pop()
      this.#template(this.#at + 1)
    } else this.#take(char)
  }

  #take(char: string): void {
    if (char === '{') this.#depth += 1
    if (char === '}') this.#depth -= 1
    if (char.trim() !== '') this.#before = `${this.#before.slice(-11)}${char}`
    // A space ends a word: "a return" must not be read as "areturn".
    else if (!this.#before.endsWith(' ')) this.#before = `${this.#before.slice(-11)} `
    this.#at += 1
  }

  #find(needle: string, from: number): number {
    const found = this.#text.indexOf(needle, from)
    return found === -1 ? this.#text.length : found
  }

  #blank(end: number, comment: boolean): void {
    for (let at = this.#at; at < Math.min(end, this.#text.length); at += 1) {
      if (this.#text.charAt(at) === '\n') continue
      this.#code[at] = ' '
      if (comment) this.#withStrings[at] = ' '
    }
    this.#at = Math.min(end, this.#text.length)
  }

  #string(quote: string): void {
    let end = this.#at + 1
    while (end < this.#text.length && this.#text.charAt(end) !== quote && this.#text.charAt(end) !== '\n') {
      end += this.#text.charAt(end) === '\\' ? 2 : 1
    }
    this.#at += 1
    this.#blank(end, false)
    this.#at = end + 1
    this.#before = 'x'
  }

  /** From inside a template up to its end, or to the next `${`. */
  #template(from: number): void {
    let end = from
    while (end < this.#text.length && this.#text.charAt(end) !== '`' && !this.#text.startsWith('${', end)) {
      end += this.#text.charAt(end) === '\\' ? 2 : 1
    }
    this.#at = from
    this.#blank(end, false)
    if (this.#text.startsWith('${', end)) {
      this.#templates.push(this.#depth)
      this.#at = end + 2
      this.#before = '('
    } else {
      this.#at = end + 1
      this.#before = 'x'
    }
  }

  #regexMayBegin(): boolean {
    const before = this.#before.trimEnd()
    return before === '' || /[(,=:[!&|?{};+\-*%~^<>]$/.test(before) || BEFORE_REGEX.test(before)
  }

  #regex(): void {
    let end = this.#at + 1
    let inClass = false
    while (end < this.#text.length && this.#text.charAt(end) !== '\n') {
      const char = this.#text.charAt(end)
      if (char === '/' && !inClass) break
      if (char === '[') inClass = true
      if (char === ']') inClass = false
      end += char === '\\' ? 2 : 1
    }
    this.#at += 1
    this.#blank(end, false)
    this.#at = end + 1
    this.#before = 'x'
  }
}
