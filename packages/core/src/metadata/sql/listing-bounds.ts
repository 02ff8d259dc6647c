import { ALWAYS } from '../../policy/predicate.ts'
import type { Predicate } from '../../policy/predicate.ts'
import { beginningsOf, bothBeginnings, equalityOf, fewestBeginnings, isKey } from './key-beginnings.ts'

/** Where the rows that pass a condition lie, as far as an index can tell, and what is still to be held against each. */
export interface ListingBounds {
  /** With one of which the key of each begins, in the order of bytes, none beginning with another; '' for anything. None where no row passes. */
  readonly prefixes: readonly string[]
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
  const places = parts.map((part) => (folderOf(part) === null ? beginningsOf(part) : null))
  const said = places.flatMap((each) => (each === null ? [] : [fewestBeginnings(each.map(({ text }) => text))]))
  const prefixes = said.reduce(bothBeginnings, [path])
  const isSaid = (part: Predicate, at: number): boolean => {
    const folder = folderOf(part)
    if (folder !== null) return folders.get(folder.place) === folder.name && folder.place <= path.split('/').length - 1
    if (places[at]?.every(({ exact }) => exact) === true) return true
    const whose = ownerOf(part)
    return whose !== null && whose === owner
  }
  return { prefixes, owner, rest: allOf(parts.filter((part, at) => !isSaid(part, at))) }
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

function ownerOf(node: Predicate): string | null {
  const equality = equalityOf(node)
  return equality?.of.k === 'col' && equality.of.n === 'owner_id' ? equality.text : null
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
