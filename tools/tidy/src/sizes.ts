import { functionsOf } from './functions.ts'
import { isTest } from './imports.ts'
import type { Check, RepoFile, Violation } from './repository.ts'
import { readSource } from './source-text.ts'

const FILE_LINES_MAX = 300
/** Of tests, tools and benchmarks. */
const TEST_LINES_MAX = 500
const FUNCTION_LINES_MAX = 60
const PARAMETERS_MAX = 3

/** One concept, one file, one screen: files, functions and parameter lists have a largest size. */
export const sizes: Check = (files) =>
  files.filter((file) => file.path.endsWith('.ts')).flatMap((file) => [...fileSize(file), ...functionSizes(file)])

function fileSize({ path, text }: RepoFile): readonly Violation[] {
  const max = isTest(path) || /^(?:tools|bench)\//.test(path) ? TEST_LINES_MAX : FILE_LINES_MAX
  const lines = text.split('\n').length - (text.endsWith('\n') ? 1 : 0)
  return lines > max ? [{ path, line: max, message: `has ${lines} lines, at most ${max}: split it by concept` }] : []
}

/** Tests are exempt: a `describe` is a function only in form. */
function functionSizes({ path, text }: RepoFile): readonly Violation[] {
  if (isTest(path)) return []
  return functionsOf(readSource(text).code).flatMap((found) => {
    const lines = found.endLine - found.line + 1
    const violations: Violation[] = []
    if (lines > FUNCTION_LINES_MAX) {
      violations.push({ path, line: found.line, message: `${found.name} has ${lines} lines, at most ${FUNCTION_LINES_MAX}` })
    }
    if (found.exported && found.parameterCount > PARAMETERS_MAX) {
      const message = `${found.name} has ${found.parameterCount} parameters, at most ${PARAMETERS_MAX}: take an options object`
      violations.push({ path, line: found.line, message })
    }
    return violations
  })
}
