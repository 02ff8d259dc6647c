import type { Predicate } from '../../policy/predicate.ts'

/** What every row that passes a condition has in common, as far as an index can use it. */
export interface ListingBounds {
  /** What the key of each begins with; '' for anything. */
  readonly prefix: string
  /** Whose each is; null for anybody's. */
  readonly owner: string | null
}

/**
 * Reads from a condition where its rows lie, so that a listing scans no others: from what must be true of all of them, which is what is
 * joined by AND at the top. The condition itself is held against each row all the same.
 */
export function listingBounds(visible: Predicate): ListingBounds {
  const folders = new Map<number, string>()
  let prefix = ''
  let owner: string | null = null
  for (const part of conjuncts(visible)) {
    owner ??= ownerOf(part)
    const begins = prefixOf(part)
    if (begins !== null && begins.length > prefix.length) prefix = begins
    const folder = folderOf(part)
    if (folder !== null) folders.set(folder.place, folder.name)
  }
  const path = folderPath(folders)
  return { prefix: path.length > prefix.length ? path : prefix, owner }
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

/** The key itself, what it starts with, or a LIKE up to its first wildcard. */
function prefixOf(node: Predicate): string | null {
  if (node.k === 'call' && node.f === 'starts_with') {
    const [text, prefix] = node.a
    return text !== undefined && isKey(text) && prefix?.k === 'lit' && typeof prefix.v === 'string' ? prefix.v : null
  }
  if (node.k === 'like' && !node.ci && !node.neg && isKey(node.a) && node.p.k === 'lit' && typeof node.p.v === 'string') {
    return /^[^%_\\]*/.exec(node.p.v)?.[0] ?? null
  }
  const equality = equalityOf(node)
  if (equality === null) return null
  if (isKey(equality.of)) return equality.text
  // The first of the names between slashes: a folder, or the key itself.
  const first = equality.of.k === 'idx' && equality.of.i === 1 && equality.of.a.k === 'col' && equality.of.a.n === 'path_tokens'
  return first && !equality.text.includes('/') ? equality.text : null
}

/** `foldername(name)[i] = 'text'`. */
function folderOf(node: Predicate): { readonly place: number; readonly name: string } | null {
  const equality = equalityOf(node)
  if (equality?.of.k !== 'idx' || equality.text.includes('/')) return null
  const { a, i } = equality.of
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
