import { Buffer } from 'node:buffer'
import type { HttpHeader, HttpResponse } from '@stowage/http'
import type { XmlElement } from './xml/element.ts'
import { writeXml } from './xml/write.ts'

/** An answer whose body is an XML document. */
export function xmlResponse(root: XmlElement, status = 200, headers: readonly HttpHeader[] = []): HttpResponse {
  return documentResponse(writeXml(root), status, headers)
}

/** The same where elements that were written before, with `textElement`, come last in the root. */
export function xmlRowsResponse(root: XmlElement, rows: string): HttpResponse {
  return documentResponse(writeXml(root, { rows }), 200, [])
}

function documentResponse(text: string, status: number, headers: readonly HttpHeader[]): HttpResponse {
  const body = Buffer.from(text, 'utf8')
  return {
    status,
    headers: [['content-type', 'application/xml'], ['content-length', String(body.length)], ...headers],
    body,
  }
}
