import { asciiLower } from './evaluate-functions.ts'

/** A piece of a pattern: one code point, any one of them (`_`), or any number (`%`). */
type Piece = { readonly kind: 'any' } | { readonly kind: 'one' } | { readonly kind: 'is'; readonly point: string }

const ANY: Piece = { kind: 'any' }
const ONE: Piece = { kind: 'one' }

/** The pieces of a `LIKE` pattern; null where it ends with an escape that escapes nothing. */
export function likePieces(pattern: string): readonly Piece[] | null {
  const pieces: Piece[] = []
  let escaped = false
  for (const point of pattern) {
    if (escaped) {
      pieces.push({ kind: 'is', point })
      escaped = false
    } else if (point === '\\') escaped = true
    else pieces.push(point === '%' ? ANY : point === '_' ? ONE : { kind: 'is', point })
  }
  return escaped ? null : pieces
}

/** Whether the whole text matches the pattern; null where the pattern is none. Takes time by length of text times length of pattern. */
export function matchesLike(text: string, pattern: string, ignoreCase: boolean): boolean | null {
  const pieces = likePieces(ignoreCase ? asciiLower(pattern) : pattern)
  return pieces === null ? null : matches(Array.from(ignoreCase ? asciiLower(text) : text), pieces)
}

/** Goes back to the last `%` only: whatever an earlier one could take over, the last one can. */
function matches(text: readonly string[], pieces: readonly Piece[]): boolean {
  let [at, piece] = [0, 0]
  let retry: { at: number; readonly piece: number } | null = null
  while (at < text.length) {
    const wanted = pieces[piece]
    if (wanted !== undefined && wanted.kind === 'any') {
      piece += 1
      retry = { at, piece }
    } else if (wanted !== undefined && (wanted.kind === 'one' || wanted.point === text[at])) {
      at += 1
      piece += 1
    } else if (retry !== null) {
      retry.at += 1
      at = retry.at
      piece = retry.piece
    } else return false
  }
  return pieces.slice(piece).every(({ kind }) => kind === 'any')
}

const SPECIAL = /[*?[]/g

/** The pattern in the notation of SQLite's `GLOB`, which knows no escape: what means something there stands in brackets. */
export function globOf(pattern: string): string | null {
  const pieces = likePieces(pattern)
  if (pieces === null) return null
  return pieces.map((piece) => (piece.kind === 'is' ? piece.point.replaceAll(SPECIAL, '[$&]') : piece.kind === 'any' ? '*' : '?')).join('')
}
