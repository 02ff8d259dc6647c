import type { Check, RepoFile, Violation } from './repository.ts'

const LAWS = 'docs/laws.md'

/** Law 12: a rule that is not executable is a wish. Each law names what enforces it, and that exists. */
export const lawsEnforced: Check = (files) => {
  const file = files.find((candidate) => candidate.path === LAWS)
  if (file === undefined) return [{ path: LAWS, line: 1, message: 'is missing' }]
  const laws = readLaws(file)
  return laws.length === 0
    ? [{ path: LAWS, line: 1, message: 'has no law: a law is a heading "## 1. …"' }]
    : laws.flatMap((law) => checkLaw(law, files))
}

interface Law {
  readonly title: string
  readonly line: number
  readonly text: string
}

function readLaws(file: RepoFile): readonly Law[] {
  const lines = file.text.split('\n')
  const starts = lines.flatMap((line, at) => (/^## \d+\. /.test(line) ? [at] : []))
  return starts.map((at, index) => ({
    title: (lines[at] ?? '').slice(3),
    line: at + 1,
    text: lines.slice(at + 1, starts[index + 1]).join('\n'),
  }))
}

function checkLaw(law: Law, files: readonly RepoFile[]): readonly Violation[] {
  const says = (message: string): Violation => ({ path: LAWS, line: law.line, message: `law "${law.title}" ${message}` })
  const enforcement = /[*_]Enforced by:[*_]([^]*?)(?:\n\s*\n|$)/.exec(law.text)?.[1]
  if (enforcement === undefined) return [says('names no "*Enforced by:*"')]
  const names = [...enforcement.matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? '')
  if (names.length === 0) return [says('names no file and no command that enforces it, in backticks')]
  return names.filter((name) => !exists(name, files)).map((name) => says(`is enforced by \`${name}\`, which does not exist`))
}

function exists(name: string, files: readonly RepoFile[]): boolean {
  const script = /^npm (?:run )?([\w:-]+)$/.exec(name)?.[1]
  if (script === undefined) return files.some((file) => file.path === name || file.path.startsWith(`${name.replace(/\/$/, '')}/`))
  const root = files.find((file) => file.path === 'package.json')
  return root !== undefined && script in ((JSON.parse(root.text) as { readonly scripts?: object }).scripts ?? {})
}
