import { S3Error } from '../s3-error.ts'

// oxlint-disable-next-line no-control-regex -- control characters are what it looks for
const NOT_XML = /[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/

/** True for text that an XML 1.0 document can hold at all: no control character, and no half of a surrogate pair, has a way in. */
export function isXmlText(text: string): boolean {
  return !NOT_XML.test(text)
}

/**
 * Fails with `InvalidRequest` for text that XML 1.0 cannot hold. A client that lists such keys asks for `encoding-type=url`;
 * a document that no reader accepts, or another key than the stored one, would help nobody.
 */
export function checkXmlText(text: string): void {
  if (isXmlText(text)) return
  throw new S3Error('InvalidRequest', 'The answer holds a character that XML 1.0 cannot express. Ask for it with encoding-type=url.')
}
