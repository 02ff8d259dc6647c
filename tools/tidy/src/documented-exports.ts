import { packageOf } from './imports.ts'
import type { Check, RepoFile, Violation } from './repository.ts'
import { closingBracket, lineAt, readSource } from './source-text.ts'

const DECLARATION = /^export\s+(?:declare\s+)?(?:abstract\s+)?(?:async\s+)?(function\s*\*?|const|let|class|interface|type)\s+([\w$]+)/gm

/** Every exported name says what it is, and every field of an options interface what it means: unit, default, limit. */
export const documentedExports: Check = (files) => files.filter((file) => packageOf(file.path) !== null).flatMap(checkFile)

function checkFile(file: RepoFile): readonly Violation[] {
  const { code } = readSource(file.text)
  const documented = new Set<string>()
  return [...code.matchAll(DECLARATION)].flatMap((match) => {
    const [, kind = '', name = ''] = match
    // The first overload speaks for all.
    const violations =
      documented.has(name) || hasDocComment(file.text, match.index) ? [] : [violation(file, match.index, `${name} has no doc comment`)]
    documented.add(name)
    const isOptions = kind === 'interface' && name.endsWith('Options')
    return isOptions ? [...violations, ...checkMembers(file, code, match.index, name)] : violations
  })
}

function checkMembers(file: RepoFile, code: string, from: number, name: string): readonly Violation[] {
  const open = code.indexOf('{', from)
  const close = closingBracket(code, open)
  return memberStarts(code, open, close)
    .filter((at) => !hasDocComment(file.text, at))
    .map((at) => violation(file, at, `${name}.${/^(?:readonly\s+)?([\w$]+)/.exec(code.slice(at))?.[1] ?? ''} has no doc comment`))
}

/** Where the members of an interface begin: after `{`, a line's end, `;` or `,`, not inside a bracket. */
function memberStarts(code: string, open: number, close: number): readonly number[] {
  const starts: number[] = []
  let fresh = true
  for (let at = open + 1; at < close; at += 1) {
    const char = code.charAt(at)
    if ('({['.includes(char)) at = Math.max(at, closingBracket(code, at))
    else if (char === '\n' || char === ';' || char === ',') fresh = true
    else if (char.trim() !== '') {
      if (fresh && /^(?:readonly\s+)?[\w$]+\??\s*[:(<]/.test(code.slice(at, close))) starts.push(at)
      fresh = false
    }
  }
  return starts
}

function hasDocComment(text: string, index: number): boolean {
  const before = text.slice(0, index).trimEnd()
  return before.endsWith('*/') && before.slice(before.lastIndexOf('/*')).startsWith('/**')
}

function violation(file: RepoFile, index: number, message: string): Violation {
  return { path: file.path, line: lineAt(file.text, index), message }
}
