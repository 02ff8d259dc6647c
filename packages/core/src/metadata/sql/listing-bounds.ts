import { ALWAYS } from '../../policy/predicate.ts'
import type { Predicate } from '../../policy/predicate.ts'

/** Where the rows that pass a condition lie, as far as an index can tell, and what is still to be held against each. */
export interface ListingBounds {
  /** What the key of each begins with; '' for anything. */
  readonly prefix: string
  /** Whose each is; null for anybody's. */
  readonly owner: string | null
  /** What the other two do not say already: of rows that lie there, the same as the whole condition. */
  readonly rest: Predicate
}

/**
 * Reads from a condition where its rows lie, so that a listing scans no others: from what must be true of all of them, which is what is
 * joined by AND at the top.
 */
export function listingBounds(visible: Predicate): ListingBounds {
  const parts = [...conjuncts(visible)]
  const owner = parts.map(ownerOf).find((each) => each !== null) ?? null
  const folders = new Map<number, string>()
  for (const folder of parts.map(folderOf)) if (folder !== null && !folders.has(folder.place)) folders.set(folder.place, folder.name)
  const path = folderPath(folders)
  const prefix = parts
    .map((part) => prefixOf(part)?.text ?? '')
    .reduce((longest, each) => (each.length > longest.length ? each : longest), path)
  const isSaid = (part: Predicate): boolean => {
    const begins = prefixOf(part)
    if (begins !== null) return begins.exact && prefix.startsWith(begins.text)
    const folder = folderOf(part)
    if (folder !== null)
      return folders.get(folder.place) === folder.name && prefix.startsWith(path) && folder.place <= path.split('/').length - 1
    const whose = ownerOf(part)
    return whose !== null && whose === owner
  }
  return { prefix, owner, rest: allOf(parts.filter((part) => !isSaid(part))) }
}

function allOf(parts: readonly Predicate[]): Predicate {
  const [only] = parts
  if (only === undefined) return ALWAYS
  return parts.length === 1 ? only : { k: 'and', a: parts }
}

function* conjuncts(node: Predicate): Generator<Predicate> {
  if (node.k !== 'and') yield node
  else for (const part of node.a) yield* conjuncts(part)
}

interface Equality {
  readonly of: Predicate
  readonly text: string
}

/** `x = 'text'`, either way round. */
function equalityOf(node: Predicate): Equality | null {
  if (node.k === 'in' && !node.neg && node.l.length === 1) {
    const [only] = node.l
    return only?.k === 'lit' && typeof only.v === 'string' ? { of: node.a, text: only.v } : null
  }
  if (node.k !== 'cmp' || node.op !== '=') return null
  const { a, b } = node
  if (b.k === 'lit' && b.t === 'text' && typeof b.v === 'string') return { of: a, text: b.v }
  return a.k === 'lit' && a.t === 'text' && typeof a.v === 'string' ? { of: b, text: a.v } : null
}

function ownerOf(node: Predicate): string | null {
  const equality = equalityOf(node)
  return equality?.of.k === 'col' && equality.of.n === 'owner_id' ? equality.text : null
}

/** What keys begin with; exact where that is all that is said of them. */
interface Beginning {
  readonly text: string
  readonly exact: boolean
}

/** What it starts with, the key itself, or a LIKE up to its first wildcard. */
function prefixOf(node: Predicate): Beginning | null {
  if (node.k === 'call' && node.f === 'starts_with') {
    const [text, prefix] = node.a
    if (text === undefined || !isKey(text) || prefix?.k !== 'lit' || typeof prefix.v !== 'string') return null
    return { text: prefix.v, exact: true }
  }
  if (node.k === 'like' && !node.ci && !node.neg && isKey(node.a) && node.p.k === 'lit' && typeof node.p.v === 'string') {
    return { text: /^[^%_\\]*/.exec(node.p.v)?.[0] ?? '', exact: false }
  }
  const equality = equalityOf(node)
  if (equality === null) return null
  if (isKey(equality.of)) return { text: equality.text, exact: false }
  // The first of the names between slashes: a folder, or the key itself.
  const first = equality.of.k === 'idx' && equality.of.i === 1 && equality.of.a.k === 'col' && equality.of.a.n === 'path_tokens'
  return first && !equality.text.includes('/') ? { text: equality.text, exact: false } : null
}

/** `foldername(name)[i] = 'text'`. */
function folderOf(node: Predicate): { readonly place: number; readonly name: string } | null {
  const equality = equalityOf(node)
  if (equality?.of.k !== 'idx' || equality.text.includes('/')) return null
  const { a, i } = equality.of
  // There is no such element: never true, and no place.
  if (i < 1) return null
  const [key] = a.k === 'call' && a.f === 'foldername' ? a.a : []
  return key !== undefined && isKey(key) ? { place: i, name: equality.text } : null
}

/** The folders that are known without a gap, from the first. */
function folderPath(folders: ReadonlyMap<number, string>): string {
  let path = ''
  for (let place = 1; ; place += 1) {
    const name = folders.get(place)
    if (name === undefined) return path
    path += `${name}/`
  }
}

function isKey(node: Predicate): boolean {
  return node.k === 'col' && node.n === 'name'
}
