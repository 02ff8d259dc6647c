import { compareKeys } from './reference-model.ts'

/** A line of a listing: something with a key, or a common prefix. */
export type Line<T> = { readonly name: string; readonly entry: T } | { readonly name: string; readonly entry: null }

export interface ListingQuestion<T> {
  readonly prefix: string
  /** '' is none. */
  readonly delimiter: string
  /** Behind this name: a key, or with a delimiter the common prefix that it is. */
  readonly after: string | null
  /** Of entries with the key `after`: which ones are behind. Default: none. */
  readonly behind?: (entry: T) => boolean
}

/** Everything a listing would show if it had no pages: filter all, roll up, sort by bytes. `entries` of one key are in order. */
export function naiveListing<T extends { readonly key: string }>(entries: readonly T[], question: ListingQuestion<T>): readonly Line<T>[] {
  const { prefix, delimiter, after, behind = () => false } = question
  const isBehind = (entry: T): boolean => {
    if (after === null) return true
    const order = compareKeys(entry.key, after)
    return order > 0 || (order === 0 && behind(entry))
  }
  const prefixes = new Set<string>()
  const lines: Line<T>[] = []
  for (const entry of entries.filter(({ key }) => key.startsWith(prefix))) {
    const at = delimiter === '' ? -1 : entry.key.indexOf(delimiter, prefix.length)
    const common = at === -1 ? null : entry.key.slice(0, at + delimiter.length)
    if (common === null) {
      if (isBehind(entry)) lines.push({ name: entry.key, entry })
    } else if (isBehind(entry) && common !== after) prefixes.add(common)
  }
  for (const name of prefixes) lines.push({ name, entry: null })
  // Stable: entries of one key keep their order; a common prefix is never also a line of its own.
  return lines.sort((a, b) => compareKeys(a.name, b.name))
}
