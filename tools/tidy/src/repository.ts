import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** A file of the repository: its path from the root, with forward slashes, and its text. */
export interface RepoFile {
  readonly path: string
  readonly text: string
}

/** A broken law, and where. */
export interface Violation {
  readonly path: string
  /** From 1. */
  readonly line: number
  /** What is wrong, and what to do instead. */
  readonly message: string
}

/** A law: looks at the whole repository and says where it is broken. Pure, so that a test can plant a violation. */
export type Check = (files: readonly RepoFile[]) => readonly Violation[]

/** As compilers print it, so that editors and terminals turn it into a link. */
export function formatViolation({ path, line, message }: Violation): string {
  return `${path}:${line} ${message}`
}

/**
 * Reads every text file below the directory that git would not ignore.
 *
 * Walks the tree instead of asking git: a copy without `.git`, on a machine without git, is checked just the same.
 */
export function readRepository(directory: string): readonly RepoFile[] {
  const ignored = ignoredNames(readFileSync(join(directory, '.gitignore'), 'utf8'))
  const files: RepoFile[] = []
  const walk = (folder: string): void => {
    for (const entry of readdirSync(join(directory, folder), { withFileTypes: true })) {
      if (ignored(entry.name)) continue
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`
      if (entry.isDirectory()) walk(path)
      else if (entry.isFile()) addTextFile(files, path, readFileSync(join(directory, path)))
    }
  }
  walk('')
  return files.sort((a, b) => (a.path < b.path ? -1 : 1))
}

function addTextFile(files: RepoFile[], path: string, bytes: Buffer): void {
  if (!bytes.includes(0)) files.push({ path, text: bytes.toString('utf8') })
}

/** Understands the three forms that our `.gitignore` has: `name`, `name/` and `*.suffix`; throws on any other. */
export function ignoredNames(gitignore: string): (name: string) => boolean {
  const lines = gitignore
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
  const names = new Set(['.git'])
  const suffixes: string[] = []
  for (const line of lines) {
    if (/^\*\.[\w.-]+$/.test(line)) suffixes.push(line.slice(1))
    else if (/^[\w.-]+\/?$/.test(line)) names.add(line.replace('/', ''))
    else throw new Error(`tidy does not understand "${line}" in .gitignore: teach it in tools/tidy/src/repository.ts`)
  }
  return (name) => names.has(name) || suffixes.some((suffix) => name.endsWith(suffix))
}
