import type { CompletedPart, ObjectChecksum } from '@stowage/core'
import type { Operation } from '../operation.ts'
import { defineOperation } from '../operation.ts'
import { S3Error } from '../s3-error.ts'
import { xmlResponse } from '../xml-response.ts'
import { element } from '../xml/element.ts'
import { childText, readXml } from '../xml/read.ts'
import type { XmlNode } from '../xml/read.ts'
import { CHECKSUM_ELEMENTS, readObjectChecksum } from './fields/checksum-fields.ts'
import { readConditions } from './fields/conditions.ts'

const PARTS_MAX = 10_000

/** API_CompleteMultipartUpload. One commit, so the answer is never a 200 that turns into an error on the way. */
export const completeMultipartUpload: Operation = defineOperation({
  name: 'CompleteMultipartUpload',
  engineName: 'CompleteMultipartUpload',
  match: { method: 'POST', on: 'object', query: { uploadId: true } },
  payload: 'document',
  checksumsOfObject: true,
  decode(request, context) {
    const root = readXml(request.body, 'CompleteMultipartUpload')
    const nodes = root.children.filter((child) => child.name === 'Part')
    if (nodes.length === 0 || nodes.length > PARTS_MAX) {
      throw new S3Error('MalformedXML', 'The XML you provided was not well-formed or did not validate against our published schema')
    }
    const parts = nodes.map(readPart)
    const checksum = readObjectChecksum(request.headers)
    const conditions = readConditions(request.headers, context.now)
    const size = request.headers.get('x-amz-mp-object-size')
    if (size !== undefined && !/^[0-9]{1,15}$/.test(size)) {
      throw new S3Error('InvalidRequest', 'Value for x-amz-mp-object-size header is invalid.')
    }
    return {
      bucket: request.bucket,
      key: request.key,
      uploadId: request.query.get('uploadId') ?? '',
      parts,
      signal: request.signal,
      ...(checksum === undefined ? {} : { checksum }),
      ...(conditions === undefined ? {} : { conditions }),
      ...(size === undefined ? {} : { size: Number(size) }),
    }
  },
  run: (session, input) => session.completeUpload(input),
  encode: (info, input, context) =>
    xmlResponse(
      element('CompleteMultipartUploadResult', [
        element('Location', context.url),
        element('Bucket', input.bucket.name),
        element('Key', input.key),
        element('ETag', `"${info.etag}"`),
        ...(info.checksum === null
          ? []
          : [element(`Checksum${info.checksum.algorithm}`, info.checksum.value), element('ChecksumType', info.checksum.type)]),
      ]),
      200,
      info.versionId === 'null' ? [] : [['x-amz-version-id', info.versionId]],
    ),
})

function readPart(node: XmlNode): CompletedPart {
  const number = childText(node, 'PartNumber')?.trim() ?? ''
  const etag = childText(node, 'ETag')?.trim() ?? ''
  if (!/^[0-9]{1,10}$/.test(number) || etag === '') {
    throw new S3Error('MalformedXML', 'Every part needs a PartNumber and an ETag.')
  }
  const checksum = readPartChecksum(node)
  return { partNumber: Number(number), etag: etag.replaceAll('"', ''), ...(checksum === undefined ? {} : { checksum }) }
}

function readPartChecksum(node: XmlNode): ObjectChecksum | undefined {
  let found: ObjectChecksum | undefined
  for (const [name, algorithm] of CHECKSUM_ELEMENTS) {
    const value = childText(node, name)
    if (value === undefined) continue
    if (found !== undefined) throw new S3Error('InvalidRequest', 'Expecting a single checksum for each part.')
    found = { algorithm, type: 'FULL_OBJECT', value: value.trim() }
  }
  return found
}
