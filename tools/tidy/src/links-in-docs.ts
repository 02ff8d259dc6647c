import { resolveRelative } from './imports.ts'
import type { Check, RepoFile, Violation } from './repository.ts'
import { withoutFences } from './without-fences.ts'

/** Links between documents, and from documents to sources, lead somewhere; so do their anchors. */
export const linksInDocs: Check = (files) => files.filter((file) => file.path.endsWith('.md')).flatMap((file) => checkDocument(file, files))

function checkDocument(file: RepoFile, files: readonly RepoFile[]): readonly Violation[] {
  return withoutFences(file.text)
    .split('\n')
    .flatMap((text, at) =>
      [...text.replaceAll(/`[^`]*`/g, '``').matchAll(/\]\(<?([^)\s>]+)>?(?:\s+"[^"]*")?\)/g)].flatMap((match) => {
        const message = fault(file, match[1] ?? '', files)
        return message === null ? [] : [{ path: file.path, line: at + 1, message }]
      }),
    )
}

function fault(file: RepoFile, link: string, files: readonly RepoFile[]): string | null {
  if (/^[a-z][a-z0-9+.-]*:/.test(link)) return null
  if (link.startsWith('/')) return `links to ${link}: links are relative`
  const [target = '', anchor] = link.split('#')
  const path = target === '' ? file.path : resolveRelative(file.path, decodeURIComponent(target)).replace(/\/$/, '')
  const found = files.find((candidate) => candidate.path === path)
  if (found === undefined)
    return files.some((candidate) => candidate.path.startsWith(`${path}/`)) ? null : `links to ${link}, which does not exist`
  if (anchor === undefined || anchor === '' || !path.endsWith('.md')) return null
  return anchorsOf(found.text).has(anchor) ? null : `links to ${link}, which has no such heading`
}

/** As GitHub makes them: lower case, punctuation gone, spaces to hyphens. */
function anchorsOf(text: string): ReadonlySet<string> {
  const headings = withoutFences(text).match(/^#{1,6} .*$/gm) ?? []
  return new Set(
    headings.map((heading) =>
      heading
        .replace(/^#+ /, '')
        .trim()
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
        .replaceAll(/\s/g, '-'),
    ),
  )
}
