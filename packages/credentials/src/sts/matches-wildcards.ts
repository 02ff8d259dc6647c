/**
 * Whether a text is one that the pattern stands for: `*` for any letters, `?` for one. In time of at most the product of their lengths,
 * which an expression of `.*` does not keep to: one policy could keep a server busy for minutes.
 */
export function matchesWildcards(pattern: string, text: string): boolean {
  let at = 0
  let inPattern = 0
  /** The last star, and how far it reaches: only that one is ever tried anew. */
  let star = -1
  let reach = 0
  while (at < text.length) {
    const expected = pattern[inPattern]
    if (expected === '*') {
      star = inPattern
      reach = at
      inPattern += 1
    } else if (expected === '?' || expected === text[at]) {
      at += 1
      inPattern += 1
    } else if (star >= 0) {
      reach += 1
      at = reach
      inPattern = star + 1
    } else return false
  }
  return /^\**$/.test(pattern.slice(inPattern))
}
