import { closingBracket, lineAt } from './source-text.ts'

/** A function, method or arrow function with a block, as found in the text. */
export interface FoundFunction {
  /** As written before the parameters, or "a function". */
  readonly name: string
  readonly line: number
  readonly endLine: number
  readonly parameterCount: number
  /** Whether `export` stands before it. */
  readonly exported: boolean
}

/** What stands before parentheses that are followed by a block, and is no function. */
const CONTROL = /(?:^|[^\w$.#])(?:if|for|while|switch|catch|with|await)\s*$/
const HEAD = /(?:([\w$#]+)(?:\s*:[^=;]*)?\s*=\s*(?:async\s*)?|([\w$#]+)\s*)$/

/** Every function with a block body, by matching brackets in the `code` view of a source. */
export function functionsOf(code: string): readonly FoundFunction[] {
  const found: FoundFunction[] = []
  for (let open = code.indexOf('('); open !== -1; open = code.indexOf('(', open + 1)) {
    const head = code.slice(Math.max(0, open - 200), open)
    if (CONTROL.test(head)) continue
    const close = closingBracket(code, open)
    const body = close === -1 ? -1 : bodyAfter(code, close + 1)
    if (body === -1) continue
    const end = closingBracket(code, body)
    const named = HEAD.exec(withoutTypeParameters(head))
    found.push({
      name: named?.[1] ?? named?.[2] ?? 'a function',
      line: lineAt(code, open),
      endLine: lineAt(code, end === -1 ? code.length : end),
      parameterCount: countParameters(code.slice(open + 1, close)),
      exported:
        /(?:^|\n)export\s+(?:const\s+[\w$]+(?:\s*:[^=]*)?\s*=\s*)?(?:async\s+)?(?:function\s*\*?\s*[\w$]*\s*)?(?:<[^()]*>)?\s*$/.test(head),
    })
  }
  return found
}

function withoutTypeParameters(head: string): string {
  return head.trimEnd().endsWith('>') ? head.slice(0, head.lastIndexOf('<')) : head
}

/** Top-level commas; a trailing one does not count. */
function countParameters(list: string): number {
  let depth = 0
  let count = list.trim() === '' ? 0 : 1
  const text = list.trim().replace(/,$/, '').replaceAll('=>', '  ')
  for (const char of text) {
    if ('([{<'.includes(char)) depth += 1
    else if (')]}>'.includes(char)) depth -= 1
    else if (char === ',' && depth === 0) count += 1
  }
  return count
}

/** The position of the block that follows a parameter list, past a return type, or -1 where none follows. */
function bodyAfter(code: string, from: number): number {
  const at = skipSpace(code, from)
  if (code.charAt(at) === '{') return at
  if (code.startsWith('=>', at)) return blockAt(code, at + 2)
  if (code.charAt(at) !== ':') return -1
  const end = typeEnd(code, at + 1)
  if (code.charAt(end) === '{') return end
  return code.startsWith('=>', end) ? blockAt(code, end + 2) : -1
}

function blockAt(code: string, from: number): number {
  const at = skipSpace(code, from)
  return code.charAt(at) === '{' ? at : -1
}

function skipSpace(code: string, from: number): number {
  let at = from
  while (at < code.length && code.charAt(at).trim() === '') at += 1
  return at
}

/** Words that stand before an operand of a type, and between two operands. */
const TYPE_PREFIX = /^(?:readonly|keyof|typeof|unique|asserts|infer|new)\b(?!\s*[)\]}>,|&=])/
const TYPE_INFIX = /^(?:\||&|\.|is\b|extends\b|\?|:)/

/** Where the type that begins at `from` ends: at the first thing that cannot belong to it. */
function typeEnd(code: string, from: number): number {
  let at = skipSpace(code, from)
  while (at < code.length) {
    const operator = /^[|&]/.exec(code.slice(at, at + 1))
    if (operator !== null) at = skipSpace(code, at + 1)
    const prefix = TYPE_PREFIX.exec(code.slice(at, at + 40))
    if (prefix !== null) {
      at = skipSpace(code, at + prefix[0].length)
      continue
    }
    const isFunctionType = code.charAt(at) === '('
    at = operandEnd(code, at)
    if (isFunctionType && code.startsWith('=>', at)) {
      at = skipSpace(code, at + 2)
      continue
    }
    const infix = TYPE_INFIX.exec(code.slice(at, at + 10))
    if (infix === null) return at
    at = skipSpace(code, at + infix[0].length)
  }
  return at
}

/** Past a name, literal or bracketed group with its type arguments and `[]`, and the space after it. */
function operandEnd(code: string, from: number): number {
  let at = from
  if ('({['.includes(code.charAt(at))) at = Math.max(at, closingBracket(code, at)) + 1
  else at += /^(?:'[^']*'|"[^"]*"|`[^`]*`|-?[\w$]+)?/.exec(code.slice(at, at + 400))?.[0].length ?? 0
  for (;;) {
    const next = code.charAt(at)
    if (next === '<') at = angleEnd(code, at)
    else if (next === '[') at = Math.max(at, closingBracket(code, at)) + 1
    else return skipSpace(code, at)
  }
}

function angleEnd(code: string, open: number): number {
  let depth = 0
  for (let at = open; at < code.length; at += 1) {
    if (code.startsWith('=>', at)) at += 1
    else if (code.charAt(at) === '<') depth += 1
    else if (code.charAt(at) === '>') {
      depth -= 1
      if (depth === 0) return at + 1
    }
  }
  return code.length
}
