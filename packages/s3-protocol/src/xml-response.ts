import { Buffer } from 'node:buffer'
import type { HttpHeader, HttpResponse } from '@stowage/http'
import type { XmlElement } from './xml/element.ts'
import { writeXml } from './xml/write.ts'

/** An answer whose body is an XML document. */
export function xmlResponse(root: XmlElement, status = 200, headers: readonly HttpHeader[] = []): HttpResponse {
  const body = Buffer.from(writeXml(root), 'utf8')
  return {
    status,
    headers: [['content-type', 'application/xml'], ['content-length', String(body.length)], ...headers],
    body,
  }
}
