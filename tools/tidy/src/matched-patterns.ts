import type { Check } from './repository.ts'
import { closingBracket, lineAt, readSource } from './source-text.ts'

const CALL = /\btoMatchObject\s*\(/g
/** A pattern as the value of a field or as an element, but not as the argument of a function. */
const PATTERN = /[:[,]\s*(?:\/|(?:new\s+)?RegExp\s*\()/g

/**
 * Law 11: a test that cannot fail is none. `toMatchObject` takes a pattern for an object without fields, which every value fits,
 * `undefined` too. `toEqual` and `objectContaining` do not, and fail: they need no rule.
 */
export const matchedPatterns: Check = (files) =>
  files
    .filter(({ path, text }) => path.endsWith('.ts') && text.includes('toMatchObject'))
    .flatMap(({ path, text }) => {
      const { code } = readSource(text)
      return [...code.matchAll(CALL)].flatMap((call) => {
        const open = call.index + call[0].length - 1
        return [...code.slice(open, closingBracket(code, open)).matchAll(PATTERN)].map((found) => ({
          path,
          line: lineAt(code, open + found.index + found[0].length - 1),
          message: 'a pattern inside toMatchObject fits every value: write expect.stringMatching(pattern)',
        }))
      })
    })
