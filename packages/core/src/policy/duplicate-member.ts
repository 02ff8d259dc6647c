const TOKENS = /"(?:[^"\\]|\\.)*"|[{}[\]:,]/g

/**
 * The first name that an object of a JSON document has twice; null where none has. `JSON.parse` keeps the last one and says nothing. Only for
 * texts that are JSON. RFC 8259 section 4: names should be unique.
 */
export function findDuplicateMember(json: string): string | null {
  // Of each object or list that is open: the names so far, null of a list.
  const open: (Set<string> | null)[] = []
  let text: string | null = null
  for (const [token] of json.matchAll(TOKENS)) {
    if (token === '{') open.push(new Set())
    else if (token === '[') open.push(null)
    else if (token === '}' || token === ']') open.pop()
    else if (token === ':' && text !== null) {
      const name = String(JSON.parse(text))
      const names = open.at(-1)
      if (names?.has(name) === true) return name
      names?.add(name)
    }
    text = token.startsWith('"') ? token : null
  }
  return null
}
