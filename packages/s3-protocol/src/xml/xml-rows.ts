import type { XmlElement } from './element.ts'
import { escapeXmlText } from './xml-text.ts'

const DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>'

/**
 * Writes the same document as `writeXmlBuilt`, byte for byte, by joining strings: for pages of a thousand rows.
 *
 * Names come from our own code and are not checked; text is escaped. `rows` are elements that were written before, with
 * `textElement`; they come last in the root.
 */
export function writeXmlRows(root: XmlElement, namespace: string | null, rows: string = ''): string {
  return DECLARATION + writeElement(root, namespace === null ? root.name : `${root.name} xmlns="${escapeText(namespace)}"`, rows)
}

/** An element with text in it, written. The text is escaped, the name is not. */
export function textElement(name: string, text: string): string {
  return text === '' ? `<${name}/>` : `<${name}>${escapeText(text)}</${name}>`
}

function writeElement({ attributes = [], content, name }: XmlElement, opening: string, rows: string): string {
  let head = opening
  for (const [attribute, value] of attributes) head += ` ${attribute}="${value}"`
  let inner = ''
  if (typeof content === 'string') inner = escapeText(content)
  else for (const child of content) inner += writeElement(child, child.name, '')
  inner += rows
  return inner === '' ? `<${head}/>` : `<${head}>${inner}</${name}>`
}

/** Text as it stands between tags. */
export function escapeText(text: string): string {
  // One look for the many texts that need nothing: printable ASCII without the characters of the markup.
  if (!/[^\x20-\x25\x27-\x3b\x3d\x3f-\x7e]/.test(text)) return text
  return escapeXmlText(text).replace(/</g, '&lt;').replace(/>/g, '&gt;')
}
