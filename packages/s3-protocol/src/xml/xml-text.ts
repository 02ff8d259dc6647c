// oxlint-disable-next-line no-control-regex -- control characters are what it looks for
const NOT_XML = /[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/

const EACH_NOT_XML = new RegExp(NOT_XML, 'g')

/** True for text that an XML 1.0 document can hold: no control character, and no half of a surrogate pair. */
export function isXmlText(text: string): boolean {
  return !NOT_XML.test(text)
}

/**
 * Text as it may stand between tags, but for `<` and `>`, which each writer escapes for itself: `&` escaped, and a carriage
 * return as a reference, because a reader would make a line feed of it.
 *
 * Keys may hold characters that XML 1.0 has no way to express. They go out as references (`&#1;`), as from AWS:
 * readers of XML 1.1 and many lenient ones take them, and one such key does not make a whole listing unreadable to the
 * rest. A client that wants to be sure asks for `encoding-type=url`. NUL and halves of surrogate pairs, which no key has,
 * become U+FFFD.
 */
export function escapeXmlText(text: string): string {
  const escaped = text.replace(/&/g, '&amp;').replace(/\r/g, '&#13;')
  return isXmlText(escaped) ? escaped : escaped.replace(EACH_NOT_XML, reference)
}

function reference(character: string): string {
  const code = character.charCodeAt(0)
  return code === 0 || (code >= 0xd800 && code <= 0xdfff) ? '\ufffd' : `&#${code};`
}
