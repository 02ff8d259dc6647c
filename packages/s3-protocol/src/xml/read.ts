import { SaxesParser } from 'saxes'
import { S3Error } from '../s3-error.ts'

/** An element that came in a document: its local name, the elements in it, and its own text exactly as it was meant. */
export interface XmlNode {
  readonly name: string
  readonly children: readonly XmlNode[]
  readonly text: string
}

/** How deep elements may nest. The deepest document of S3 has six levels. */
export const XML_DEPTH_MAX = 10

/** The largest document: 10,000 parts with checksums, or 1,000 long keys, escaped. Bytes. */
export const XML_SIZE_MAX = 8 * 1024 * 1024

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
  const root = parse(decode(document))
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

function parse(text: string): XmlNode {
  const parser = new SaxesParser({ xmlns: true, position: false })
  const open: OpenNode[] = []
  let root: OpenNode | undefined
  const addText = (part: string): void => {
    const node = open.at(-1)
    if (node !== undefined) node.text += part
  }
  // What a handler throws stops the parser at once.
  parser.on('error', (error) => {
    throw malformed(error.message)
  })
  parser.on('doctype', () => {
    throw malformed('it has a DOCTYPE')
  })
  parser.on('processinginstruction', () => {
    throw malformed('it has a processing instruction')
  })
  parser.on('xmldecl', ({ encoding }) => {
    if (encoding !== undefined && !/^utf-?8$/i.test(encoding)) throw malformed('it is not in UTF-8')
  })
  // Before the tag is complete: resolving name spaces takes time that grows with the depth.
  parser.on('opentagstart', () => {
    if (open.length >= XML_DEPTH_MAX) throw malformed(`it is deeper than ${XML_DEPTH_MAX} elements`)
  })
  parser.on('opentag', ({ local }) => {
    const node: OpenNode = { name: local, children: [], text: '' }
    open.at(-1)?.children.push(node)
    root ??= node
    open.push(node)
  })
  parser.on('text', addText)
  parser.on('cdata', addText)
  parser.on('closetag', () => {
    const node = open.pop()
    if (node !== undefined && node.children.length > 0 && /[^ \t\r\n]/.test(node.text))
      throw malformed(`${node.name} has text beside elements`)
  })
  parser.write(text).close()
  if (root === undefined) throw malformed('it has no root')
  return root
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
