import type { CheckName } from './check-names.ts'

/** Names that a file system holds and that protocols stumble over. */
export const TREE_NAMES: readonly string[] = [
  'plain.txt',
  'with space.txt',
  ' two  spaces ',
  'plus+sign',
  'per%cent',
  '100%25',
  'and&lt;so on',
  'a<b>c',
  'emoji-🐈.bin',
  'ünï-cödé',
  'quote\'"s',
  'back\\slash',
  'what?#x=1&y',
  '~!@$^*()_={}[]|;:,.',
  'deep/er/still more/file+1',
  'empty',
]

/** Keys that no file system holds, by the check that they are for. */
export const ODD_KEYS: Readonly<Partial<Record<CheckName, readonly string[]>>> = {
  'key with `..`': ['up/../dots', '../above', '..'],
  'key with `//`': ['double//slash', '//front'],
  'key ending in `/`': ['folder/'],
  'key of 1,024 bytes': ['n'.repeat(1024), 'ü'.repeat(512)],
}

/** What is listed: more than a page of 1,000 keys, and each hard name on both of them. */
export const LISTED_KEYS: readonly string[] = Array.from(
  { length: 1005 },
  (_, at) => `listed/${String(at).padStart(4, '0')} ${TREE_NAMES[at % TREE_NAMES.length] ?? ''}`,
)
