import { create } from 'xmlbuilder2'
import type { XmlElement } from './element.ts'
import { escapeXmlText } from './xml-text.ts'
import { writeXmlRows } from './xml-rows.ts'

/** The name space of all that S3 answers with, but for errors. */
export const S3_NAMESPACE = 'http://s3.amazonaws.com/doc/2006-03-01/'

/** How a document is written. */
export interface WriteXmlOptions {
  /** The name space of the root; null for none. Default: none for `Error` and `PostResponse`, as AWS has it, and S3's for everything else. */
  readonly namespace?: string | null
  /** Elements that come last in the root, written before; see `textElement`. */
  readonly rows?: string
}

/** From this many elements under the root on, a document is written by `writeXmlRows`: xmlbuilder2 takes 13 ms for a page of 1,000 keys. */
const ROWS_MIN = 50

/** Writes a document with its declaration. Never fails: what XML 1.0 cannot hold goes out as `escapeXmlText` says. */
export function writeXml(root: XmlElement, options: WriteXmlOptions = {}): string {
  const namespace = options.namespace === undefined ? defaultNamespace(root) : options.namespace
  if (options.rows !== undefined) return writeXmlRows(root, namespace, options.rows)
  const isLong = typeof root.content !== 'string' && root.content.length >= ROWS_MIN
  return isLong ? writeXmlRows(root, namespace) : writeXmlBuilt(root, namespace)
}

/** Writes a document with xmlbuilder2, whatever its size. */
export function writeXmlBuilt(root: XmlElement, namespace: string | null): string {
  const document = create({ version: '1.0', encoding: 'UTF-8' })
  append(namespace === null ? document.ele(root.name) : document.ele(namespace, root.name), root)
  return document.end()
}

type Node = ReturnType<typeof create>

/**
 * Text is escaped before xmlbuilder2 gets it, which leaves what looks like an entity as it is (a key named `a&lt;b` would
 * become another key): what is escaped here stays as it is.
 */
function append(node: Node, element: XmlElement): void {
  for (const [name, value] of element.attributes ?? []) node.att(name, value)
  if (typeof element.content === 'string') {
    if (element.content !== '') node.txt(escapeXmlText(element.content))
    return
  }
  for (const child of element.content) append(node.ele(child.name), child)
}

function defaultNamespace(root: XmlElement): string | null {
  return root.name === 'Error' || root.name === 'PostResponse' ? null : S3_NAMESPACE
}
