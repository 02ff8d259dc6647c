import type { XmlNode } from './read.ts'

/** The most elements of a document: 10,000 parts with all that a part may hold. Each costs memory whatever its size. */
export const XML_ELEMENTS_MAX = 100_000

/** How deep elements may nest. The deepest document of S3 has six levels. */
export const XML_DEPTH_MAX = 10

const DECLARATION = /^<\?xml version="1\.0" encoding="(?:UTF|utf)-8"\?>/
const NAME = /^[A-Z][A-Za-z0-9]*$/
const NAMESPACE = ' xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'
const NOT_BLANK = /[^ \t\n]/
/** All but printable ASCII without the characters of the markup, tabs and line feeds. */
const NOT_PLAIN = /[^\t\n\x20-\x25\x27-\x3b\x3d\x3f-\x7e]/
const SLASH = 0x2f

interface OpenNode {
  readonly name: string
  readonly children: OpenNode[]
  text: string
}

/**
 * Reads the plain documents that most clients write: ASCII, no attribute but S3's name space on the root, no entity but
 * `&quot;`. Ten thousand parts take it a third of the parser's time.
 *
 * Gives back null for everything else, whether it is good or bad: then a real parser is to be asked.
 */
export function readPlainXml(document: string): XmlNode | null {
  const open: OpenNode[] = []
  let root: OpenNode | undefined
  let elements = 0
  let at = DECLARATION.exec(document)?.[0].length ?? 0
  while (at < document.length) {
    const less = document.indexOf('<', at)
    const end = less < 0 ? document.length : less
    if (end > at && !addText(open.at(-1), document.slice(at, end))) return null
    if (less < 0) break
    const greater = document.indexOf('>', less)
    if (greater < 0) return null
    at = greater + 1
    if (document.charCodeAt(less + 1) === SLASH) {
      if (!isEnd(open.pop(), document.slice(less + 2, greater))) return null
      continue
    }
    const isEmpty = document.charCodeAt(greater - 1) === SLASH
    const node = openingOf(document.slice(less + 1, isEmpty ? greater - 1 : greater), root === undefined)
    if (node === null || (root !== undefined && open.length === 0)) return null
    if (++elements > XML_ELEMENTS_MAX || open.length >= XML_DEPTH_MAX) return null
    root ??= node
    open.at(-1)?.children.push(node)
    if (!isEmpty) open.push(node)
  }
  return open.length === 0 ? (root ?? null) : null
}

function openingOf(tag: string, isRoot: boolean): OpenNode | null {
  const name = isRoot && tag.endsWith(NAMESPACE) ? tag.slice(0, -NAMESPACE.length) : tag
  return NAME.test(name) ? { name, children: [], text: '' } : null
}

function isEnd(node: OpenNode | undefined, name: string): boolean {
  return node?.name === name && (node.children.length === 0 || !NOT_BLANK.test(node.text))
}

function addText(node: OpenNode | undefined, raw: string): boolean {
  if (node === undefined) return !NOT_BLANK.test(raw)
  const text = raw.replaceAll('&quot;', '"')
  if (NOT_PLAIN.test(text)) return false
  node.text += text
  return true
}
