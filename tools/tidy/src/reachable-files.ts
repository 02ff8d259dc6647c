import { importsOf, packageOf, resolveRelative } from './imports.ts'
import type { Check, RepoFile } from './repository.ts'

interface Manifest {
  readonly exports?: Readonly<Record<string, string | Readonly<Record<string, string>>>>
  readonly bin?: Readonly<Record<string, string>>
}

/** No dead files: each file of library code is imported, directly or not, from an export, a command or a worker URL of its package. */
export const reachableFiles: Check = (files) => {
  const byPath = new Map(files.map((file) => [file.path, file]))
  const reached = new Set<string>()
  const queue = files.flatMap(entriesOf)
  for (let path = queue.pop(); path !== undefined; path = queue.pop()) {
    const file = byPath.get(path)
    if (file === undefined || reached.has(path)) continue
    reached.add(path)
    queue.push(
      ...importsOf(file).flatMap(({ specifier }) => (specifier.startsWith('.') ? [sourceOf(resolveRelative(path, specifier))] : [])),
    )
  }
  return files
    .filter((file) => packageOf(file.path) !== null && !reached.has(file.path))
    .map(({ path }) => ({
      path,
      line: 1,
      message: 'no entry point of the package reaches this file: import it, delete it, or move what only tests use to test/',
    }))
}

/** The sources behind `exports` and `bin` of a package. */
function entriesOf(file: RepoFile): readonly string[] {
  const directory = /^(packages\/[^/]+)\/package\.json$/.exec(file.path)?.[1]
  if (directory === undefined) return []
  const manifest = JSON.parse(file.text) as Manifest
  const targets = Object.values(manifest.exports ?? {}).flatMap((target) => (typeof target === 'string' ? [target] : Object.values(target)))
  return [...targets, ...Object.values(manifest.bin ?? {})].map((target) => sourceOf(resolveRelative(`${directory}/package.json`, target)))
}

/** A worker is named as it will be built; its source lies in `src`. */
function sourceOf(path: string): string {
  return path.replace(/^(packages\/[^/]+)\/dist\//, '$1/src/').replace(/\.js$/, '.ts')
}
