import { compareBytes } from '../../model/byte-order.ts'
import type { Predicate } from '../../policy/predicate.ts'

/** What keys begin with; exact where that is all that is said of them. */
export interface Beginning {
  readonly text: string
  readonly exact: boolean
}

/** `x = 'text'`, of whatever x is. */
export interface Equality {
  readonly of: Predicate
  readonly text: string
}

/** With more beginnings than these, rows are scanned: each costs a statement or two for every page that passes it. */
const BEGINNINGS_MAX = 32

/**
 * With one of which the key of each row begins that passes a condition: what it starts with, the key itself, a LIKE up to its first wildcard,
 * a first folder, or several of these joined by OR. Null where nothing is said, or too much.
 */
export function beginningsOf(node: Predicate): readonly Beginning[] | null {
  const found = [...alternatives(node)]
  if (found.length > BEGINNINGS_MAX) return null
  const known = found.filter((each) => each !== null)
  return known.length === found.length && known.length > 0 && known.every(({ text }) => text !== '') ? known : null
}

/** Null for each alternative of which nothing is known. */
function* alternatives(node: Predicate): Generator<Beginning | null> {
  if (node.k === 'or') for (const part of node.a) yield* alternatives(part)
  else if (node.k === 'and') yield* ofConjunction(node.a)
  else if (node.k === 'in' && !node.neg && isKey(node.a)) {
    for (const each of node.l) yield each.k === 'lit' && typeof each.v === 'string' ? { text: each.v, exact: false } : null
  } else yield beginningOf(node)
}

/** Of what must all be true, the first that says something. */
function* ofConjunction(parts: readonly Predicate[]): Generator<Beginning | null> {
  for (const part of parts) {
    const found = beginningsOf(part)
    if (found === null) continue
    for (const { text } of found) yield { text, exact: false }
    return
  }
  yield null
}

function beginningOf(node: Predicate): Beginning | null {
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
  if (equality.of.k !== 'idx' || equality.of.i !== 1 || equality.text.includes('/')) return null
  const { a } = equality.of
  // The first of the names between slashes: a folder, or the key itself.
  if (a.k === 'col') return a.n === 'path_tokens' ? { text: equality.text, exact: false } : null
  const [key] = a.k === 'call' && a.f === 'foldername' ? a.a : []
  return key !== undefined && isKey(key) ? { text: `${equality.text}/`, exact: true } : null
}

/** `x = 'text'`, either way round, or in a list of one. */
export function equalityOf(node: Predicate): Equality | null {
  if (node.k === 'in' && !node.neg && node.l.length === 1) {
    const [only] = node.l
    return only?.k === 'lit' && typeof only.v === 'string' ? { of: node.a, text: only.v } : null
  }
  if (node.k !== 'cmp' || node.op !== '=') return null
  const { a, b } = node
  if (b.k === 'lit' && b.t === 'text' && typeof b.v === 'string') return { of: a, text: b.v }
  return a.k === 'lit' && a.t === 'text' && typeof a.v === 'string' ? { of: b, text: a.v } : null
}

/** The beginnings that both lists leave over, in the order of bytes: of two, one of which begins with the other, the longer. */
export function bothBeginnings(a: readonly string[], b: readonly string[]): readonly string[] {
  const both = a.flatMap((one) => b.flatMap((other) => (one.startsWith(other) ? [one] : other.startsWith(one) ? [other] : [])))
  return [...new Set(both)].sort(compareBytes)
}

/** The same rows by as few beginnings as say it, in the order of bytes. */
export function fewestBeginnings(all: readonly string[]): readonly string[] {
  return all.filter((one, at) => !all.some((other, place) => one.startsWith(other) && (one !== other || place < at))).toSorted(compareBytes)
}

/** Whether a node is the column of keys. */
export function isKey(node: Predicate): boolean {
  return node.k === 'col' && node.n === 'name'
}
