import type { Check } from './repository.ts'

/** Names that say nothing: a file is named after its main export, a thing by its word in docs/glossary.md. */
const EMPTY_WORDS = /(?:^|-)(?:manager|managers|helper|helpers|service|services|common|utils|misc|stuff)(?:-|$)/

/** Files are kebab-case and named after what they export. */
export const fileNames: Check = (files) =>
  files.flatMap(({ path }) => {
    const name = /^(?:packages|bench|tools|examples)\/(?:.*\/)?([^/]+)\.ts$/.exec(path)?.[1]
    // In an application of Next a file in brackets is a route: its name is the pattern of a path.
    if (name === undefined || /^examples\/next\/(?:app|pages)\/.*\[/.test(path)) return []
    if (!/^[a-z0-9]+(?:[-.][a-z0-9]+)*$/.test(name)) return [{ path, line: 1, message: 'is not kebab-case' }]
    const stem = name.split('.')[0] ?? ''
    return EMPTY_WORDS.test(stem) ? [{ path, line: 1, message: 'has a name that says nothing: name it after its main export' }] : []
  })
