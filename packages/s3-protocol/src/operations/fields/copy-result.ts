import type { ObjectChecksum } from '@stowage/core'
import type { HttpHeader } from '@stowage/http'
import { element } from '../../xml/element.ts'
import type { XmlElement } from '../../xml/element.ts'

/** What CopyObjectResult and CopyPartResult say. */
export function copyResultElements(made: {
  readonly createdAt: Date
  readonly etag: string
  readonly checksum: ObjectChecksum | null
}): XmlElement[] {
  return [
    element('LastModified', made.createdAt.toISOString()),
    element('ETag', `"${made.etag}"`),
    ...(made.checksum === null ? [] : [element(`Checksum${made.checksum.algorithm}`, made.checksum.value)]),
  ]
}

/** Which version was copied, where the source has versions. */
export function sourceVersionHeader(versionId: string): readonly HttpHeader[] {
  return versionId === 'null' ? [] : [['x-amz-copy-source-version-id', versionId]]
}
