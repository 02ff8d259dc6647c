import type { ListedVersions, ObjectInfo } from '@stowage/core'
import { escapeText } from '../../xml/xml-rows.ts'
import { owner, timeWriter } from './listing-rows.ts'
import type { DisplayName } from '../../operation.ts'
import type { KeyWriter } from './encoding-type.ts'

/** `Version`, `DeleteMarker` and `CommonPrefixes`, in the order of the listing: text, for the end of a document. */
export function versionRows(listed: ListedVersions, write: KeyWriter, displayName: DisplayName): string {
  const writeTime = timeWriter()
  let rows = ''
  for (const info of listed.versions) {
    const which = shown(info, write(info.key), writeTime(info.createdAt))
    const end = owner(info.ownerId, displayName)
    rows += info.deleteMarker ? `<DeleteMarker>${which}${end}</DeleteMarker>` : `<Version>${which}${content(info)}${end}</Version>`
  }
  for (const prefix of listed.commonPrefixes) rows += `<CommonPrefixes><Prefix>${escapeText(write(prefix))}</Prefix></CommonPrefixes>`
  return rows
}

function shown(info: ObjectInfo, key: string, time: string): string {
  const { versionId, latest } = info
  return (
    `<Key>${escapeText(key)}</Key><VersionId>${escapeText(versionId)}</VersionId><IsLatest>${latest}</IsLatest>` +
    `<LastModified>${time}</LastModified>`
  )
}

function content({ checksum, etag, headers, size }: ObjectInfo): string {
  const checksums =
    checksum === null ? '' : `<ChecksumAlgorithm>${checksum.algorithm}</ChecksumAlgorithm><ChecksumType>${checksum.type}</ChecksumType>`
  return (
    `<ETag>"${escapeText(etag)}"</ETag>${checksums}<Size>${size}</Size>` +
    `<StorageClass>${escapeText(headers.storageClass ?? 'STANDARD')}</StorageClass>`
  )
}
