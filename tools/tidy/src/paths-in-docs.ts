import type { Check, RepoFile, Violation } from './repository.ts'
import { withoutFences } from './without-fences.ts'

/** Documents that speak of the tree as it is. Decisions speak of their day. */
const DOCUMENTS = /^(?:[A-Z]+\.md|docs\/[\w-]+\.md|docs\/how-to\/[\w-]+\.md)$/
const PATH = /^\.?[\w-][\w.-]*(?:\/[\w.-]+)*\/?$/
const FILE = /[\w-]\.(?:ts|json|md)$/
/** Stands for a number or a name that is still to be chosen. */
const PLACEHOLDER = /NNNN/

/** A file or folder that a document names in backticks is there: whole, or as the end of a path (`operations/index.ts`). */
export const pathsInDocs: Check = (files) => {
  const tails = new Set(files.flatMap(({ path }) => tailsOf(path)))
  const roots = new Set(files.flatMap(({ path }) => rootsOf(path)))
  return files.filter((file) => DOCUMENTS.test(file.path)).flatMap((file) => checkDocument(file, tails, roots))
}

function checkDocument(file: RepoFile, tails: ReadonlySet<string>, roots: ReadonlySet<string>): readonly Violation[] {
  return withoutFences(file.text)
    .split('\n')
    .flatMap((text, at) =>
      [...text.matchAll(/`([^`]+)`/g)]
        .map(([, span = '']) => span)
        .filter((span) => isPath(span, roots) && !tails.has(span.replace(/\/$/, '')))
        .map((span) => ({ path: file.path, line: at + 1, message: `names \`${span}\`, which does not exist` })),
    )
}

/** A file by its suffix, a folder by its slash, anything else by where it begins: `backend-fs` is a word, `s3://a/b` none of ours. */
function isPath(span: string, roots: ReadonlySet<string>): boolean {
  if (!PATH.test(span) || PLACEHOLDER.test(span)) return false
  return FILE.test(span) || span.endsWith('/') || (span.includes('/') && roots.has(span.split('/')[0] ?? ''))
}

/** Every way to name a file, or a folder above it, that leaves out what comes before. */
function tailsOf(path: string): readonly string[] {
  const segments = path.split('/')
  return segments.flatMap((_, end) => segments.slice(0, end + 1).map((_segment, start) => segments.slice(start, end + 1).join('/')))
}

/** What a path without a suffix may begin with: a folder of the root, or a package. */
function rootsOf(path: string): readonly string[] {
  const [root = '', name, ...rest] = path.split('/')
  if (name === undefined) return []
  return root === 'packages' && rest.length > 0 ? [root, name] : [root]
}
