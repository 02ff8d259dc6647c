import { isStorageError } from '@stowage/core'
import type { DeleteResult } from '@stowage/core'
import { s3ErrorRow } from '../errors.ts'
import type { Operation } from '../operation.ts'
import { defineOperation } from '../operation.ts'
import { S3Error } from '../s3-error.ts'
import { xmlResponse } from '../xml-response.ts'
import { element, optionalElement } from '../xml/element.ts'
import type { XmlElement } from '../xml/element.ts'
import { childText, readXml } from '../xml/read.ts'
import type { XmlNode } from '../xml/read.ts'
import { readBypassGovernance } from './fields/bypass-governance.ts'
import { readEntityTags } from './fields/conditions.ts'

const OBJECTS_MAX = 1000

/** API_DeleteObjects: each key has its own answer; only what is wrong with the request as a whole is an error. */
export const deleteObjects: Operation = defineOperation({
  name: 'DeleteObjects',
  engineName: 'DeleteObjects',
  match: { method: 'POST', on: 'bucket', query: { delete: true } },
  payload: 'document',
  lacks: ['conditions on size and time', 'MFA'],
  decode(request) {
    const root = readXml(request.body, 'Delete')
    const objects = root.children.filter((child) => child.name === 'Object').map(readObject)
    if (objects.length === 0 || objects.length > OBJECTS_MAX) {
      throw new S3Error('MalformedXML', `A delete request names 1 to ${OBJECTS_MAX} objects.`)
    }
    return {
      quiet: childText(root, 'Quiet')?.toLowerCase() === 'true',
      delete: { bucket: request.bucket, objects, signal: request.signal, ...readBypassGovernance(request.headers) },
    }
  },
  run: (session, input) => session.deleteObjects(input.delete),
  encode: (results, input) =>
    xmlResponse(
      element(
        'DeleteResult',
        results.flatMap((result) => resultElement(result, input.quiet)),
      ),
    ),
})

function readObject(node: XmlNode): { key: string; versionId?: string; conditions?: { ifMatch: '*' | readonly string[] } } {
  const key = childText(node, 'Key') ?? ''
  if (key === '') throw new S3Error('MalformedXML', 'An object to delete has no Key.')
  for (const child of node.children) {
    // Conditions of directory buckets: passing over them would delete what the client wanted kept.
    if (child.name === 'LastModifiedTime' || child.name === 'Size') {
      throw new S3Error('NotImplemented', `Deleting on the condition of ${child.name} is not implemented.`)
    }
  }
  const versionId = childText(node, 'VersionId') ?? ''
  const etag = childText(node, 'ETag') ?? ''
  return {
    key,
    ...(versionId === '' ? {} : { versionId }),
    ...(etag === '' ? {} : { conditions: { ifMatch: readEntityTags(etag, 'ETag') } }),
  }
}

function resultElement(result: DeleteResult, quiet: boolean): readonly XmlElement[] {
  const requested = optionalElement('VersionId', result.requestedVersionId)
  if (result.error !== null) {
    if (!isStorageError(result.error)) throw result.error
    const row = s3ErrorRow(result.error)
    return [
      element('Error', [
        element('Key', result.key),
        ...requested,
        element('Code', row.code),
        element('Message', row.message ?? result.error.message),
      ]),
    ]
  }
  if (quiet) return []
  const { versionId, deleteMarker } = result.deleted
  return [
    element('Deleted', [
      element('Key', result.key),
      ...requested,
      ...(deleteMarker ? [element('DeleteMarker', true), ...optionalElement('DeleteMarkerVersionId', versionId)] : []),
    ]),
  ]
}
