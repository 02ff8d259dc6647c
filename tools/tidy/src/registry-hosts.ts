import type { Check } from './repository.ts'

/** This law has to say what it bans, and its test to plant it. */
const SELF = /^tools\/tidy\/src\/registry-hosts(?:\.test)?\.ts$/

const PATTERNS: readonly { readonly pattern: RegExp; readonly message: string }[] = [
  {
    pattern:
      /\b(?:registry\.npmjs\.org|registry\.yarnpkg\.com|npm\.pkg\.github\.com|https?:\/\/[^\s/'"]*(?:registry|artifactory|nexus|verdaccio)[^\s/'"]*)/g,
    message: 'names a registry: which one is used is the business of each machine',
  },
  { pattern: /"resolved":\s*"https?:/g, message: 'names where a package was fetched from: keep omit-lockfile-registry-resolved in .npmrc' },
  { pattern: /(?<![\w.~-])\/(?:work|root|home\/[a-z]\w*)(?:\/|(?=['"`\s]))/g, message: 'is a path of one machine' },
]

/** Nothing in the repository depends on the machine, or the network, on which it was written. */
export const registryHosts: Check = (files) =>
  files
    .filter((file) => !SELF.test(file.path))
    .flatMap((file) =>
      file.text
        .split('\n')
        .flatMap((text, at) =>
          PATTERNS.flatMap(({ pattern, message }) =>
            [...text.matchAll(pattern)].map((match) => ({ path: file.path, line: at + 1, message: `"${match[0]}" ${message}` })),
          ),
        ),
    )
