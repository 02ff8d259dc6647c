import { SaxesParser } from 'saxes'
import { S3Error } from '../s3-error.ts'
import { readPlainXml, XML_DEPTH_MAX, XML_ELEMENTS_MAX } from './read-plain.ts'

/** An element that came in a document: its local name, the elements in it, and its own text exactly as it was meant. */
export interface XmlNode {
  readonly name: string
  readonly children: readonly XmlNode[]
  readonly text: string
}

/** The largest document: 10,000 parts with checksums, or 1,000 long keys, escaped. Bytes. */
export const XML_SIZE_MAX: number = 8 * 1024 * 1024

/** The most attributes of a document. S3's have name spaces, and a type here and there. */
const XML_ATTRIBUTES_MAX = 1000

interface OpenNode {
  readonly name: string
  readonly children: OpenNode[]
  text: string
}

/**
 * Reads a document whose root has the given local name, in any name space: clients send S3's, an older one, or none.
 *
 * Refuses everything with `MalformedXML`: what is not well-formed, not UTF-8, larger or deeper than the limits, has a DOCTYPE,
 * a processing instruction or an entity of its own, or text beside elements.
 */
export function readXml(document: Uint8Array, rootName: string): XmlNode {
  if (document.length > XML_SIZE_MAX) throw malformed(`it is larger than ${XML_SIZE_MAX} bytes`)
  const text = decode(document)
  const root = readPlainXml(text) ?? parseXml(text)
  if (root.name !== rootName) throw malformed(`its root must be ${rootName}`)
  return root
}

/** The text of the one child of that name; undefined where there is none. Fails where it comes twice or holds elements. */
export function childText(node: XmlNode, name: string): string | undefined {
  let found: XmlNode | undefined
  for (const child of node.children) {
    if (child.name !== name) continue
    if (found !== undefined) throw malformed(`${name} comes twice`)
    found = child
  }
  if (found !== undefined && found.children.length > 0) throw malformed(`${name} must hold text`)
  return found?.text
}

/** Reads a document with a parser, whatever is in it. `readXml` without the look at the root's name. */
export function parseXml(text: string): XmlNode {
  // Looked for in the text, not heard of from the parser: see `listen`. Inside a comment it is refused as well.
  if (text.includes('<!DOCTYPE')) throw malformed('it has a DOCTYPE')
  const parser = new SaxesParser({ xmlns: true, position: false })
  const tree = listen(parser)
  try {
    parser.write(text)
    // Asked now, because closing forgets it.
    if (!/^utf-?8$/i.test(parser.xmlDecl.encoding ?? 'utf-8')) throw malformed('it is not in UTF-8')
    parser.close()
  } catch (error) {
    throw error instanceof S3Error ? error : malformed(error instanceof Error ? error.message : '')
  }
  if (tree.root === undefined) throw malformed('it has no root')
  return tree.root
}

/**
 * Builds the tree from a parser's events. What a handler throws stops the parser at once.
 *
 * Six handlers and no more: with the seventh V8 gives up on the parser's shape, and reading takes three times as long.
 */
function listen(parser: SaxesParser<{ xmlns: true; position: false }>): { root: OpenNode | undefined } {
  const open: OpenNode[] = []
  const tree: { root: OpenNode | undefined } = { root: undefined }
  let attributes = 0
  let elements = 0
  const addText = (part: string): void => {
    const node = open.at(-1)
    if (node !== undefined) node.text += part
  }
  parser.on('text', addText)
  parser.on('cdata', addText)
  parser.on('processinginstruction', () => {
    throw malformed('it has a processing instruction')
  })
  parser.on('attribute', () => {
    if (++attributes > XML_ATTRIBUTES_MAX) throw malformed(`it has more than ${XML_ATTRIBUTES_MAX} attributes`)
  })
  parser.on('opentag', ({ local }) => {
    // At once, because looking up a name space takes time that grows with the depth.
    if (open.length >= XML_DEPTH_MAX) throw malformed(`it is deeper than ${XML_DEPTH_MAX} elements`)
    if (++elements > XML_ELEMENTS_MAX) throw malformed(`it has more than ${XML_ELEMENTS_MAX} elements`)
    const node: OpenNode = { name: local, children: [], text: '' }
    open.at(-1)?.children.push(node)
    tree.root ??= node
    open.push(node)
  })
  parser.on('closetag', () => {
    const node = open.pop()
    if (node !== undefined && node.children.length > 0 && /[^ \t\r\n]/.test(node.text))
      throw malformed(`${node.name} has text beside elements`)
  })
  return tree
}

function decode(document: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(document)
  } catch {
    throw malformed('it is not in UTF-8')
  }
}

function malformed(reason: string): S3Error {
  const published = 'The XML you provided was not well-formed or did not validate against our published schema'
  return new S3Error('MalformedXML', `${published}: ${reason}.`)
}
