import type { RepoFile } from './repository.ts'
import { lineAt, readSource } from './source-text.ts'

/** One import, re-export, dynamic import or worker URL of a file. */
export interface Import {
  readonly specifier: string
  /** True where nothing is left of it at run time. */
  readonly typeOnly: boolean
  readonly line: number
}

const FORMS: readonly RegExp[] = [
  /\b(?:import|export)\s+(type\s+)?([\w$*\s,{}]+?)\s*\bfrom\s*['"]([^'"]+)['"]/g,
  /\bimport\s*()()['"]([^'"]+)['"]/g,
  /\bimport\s*\(\s*()()['"]([^'"]+)['"]/g,
  /\bnew\s+URL\s*\(\s*()()['"](\.{1,2}\/[^'"]+)['"]\s*,\s*import\.meta\.url/g,
]

/** Everything that the file names as a module, in order of appearance. */
export function importsOf(file: RepoFile): readonly Import[] {
  const source = readSource(file.text)
  const found: (Import & { readonly index: number })[] = []
  for (const form of FORMS) {
    for (const match of source.withStrings.matchAll(form)) {
      // Inside a string, as in the tests of this folder, it is no import.
      if (source.code.charAt(match.index) === ' ') continue
      const names = match[2] ?? ''
      const typeOnly = match[1] !== undefined && match[1] !== '' ? true : allNamesAreTypes(names)
      found.push({ specifier: match[3] ?? '', typeOnly, line: lineAt(file.text, match.index), index: match.index })
    }
  }
  return found.sort((a, b) => a.index - b.index).map(({ specifier, typeOnly, line }) => ({ specifier, typeOnly, line }))
}

function allNamesAreTypes(clause: string): boolean {
  const list = /^\s*\{([^}]*)\}\s*$/.exec(clause)?.[1]
  if (list === undefined) return false
  const names = list.split(',').filter((name) => name.trim() !== '')
  return names.length > 0 && names.every((name) => /^\s*type\s/.test(name))
}

/** Where a relative specifier leads, as a path from the root. */
export function resolveRelative(fromPath: string, specifier: string): string {
  const parts = fromPath.split('/').slice(0, -1)
  for (const part of specifier.split('/')) {
    if (part === '..') parts.pop()
    else if (part !== '.') parts.push(part)
  }
  return parts.join('/')
}

/** A test, a type test, or what only tests use: under a `test` or `fixtures` folder. None of it is shipped or bound by the laws of the library. */
export function isTest(path: string): boolean {
  return /\.test(?:-d)?\.ts$/.test(path) || /\/(?:test|fixtures)\//.test(path)
}

/** The folder name of the package whose library code this is, or null: a test, or no source of a package. */
export function packageOf(path: string): string | null {
  return isTest(path) ? null : (/^packages\/([^/]+)\/src\/.*\.ts$/.exec(path)?.[1] ?? null)
}
