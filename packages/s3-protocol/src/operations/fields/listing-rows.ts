import type { ListedObjects, ObjectSummary } from '@stowage/core'
import { escapeText, textElement } from '../../xml/xml-rows.ts'
import type { DisplayName } from '../../operation.ts'
import type { KeyWriter } from './encoding-type.ts'

/**
 * `Contents` and `CommonPrefixes`, with the owner where it is said what owners are called: text, for the end of a document. A page has a thousand of
 * them, and a tree of elements costs more than reading the page from the database.
 */
export function listingRows(listed: ListedObjects, write: KeyWriter, owners: DisplayName | null): string {
  const writeTime = timeWriter()
  // One text that grows, not a list that is joined: that takes half as long again.
  let rows = ''
  for (const info of listed.objects) rows += contents(info, { key: write(info.key), time: writeTime(info.createdAt), owners })
  for (const prefix of listed.commonPrefixes) rows += `<CommonPrefixes><Prefix>${escapeText(write(prefix))}</Prefix></CommonPrefixes>`
  return rows
}

interface Shown {
  readonly key: string
  readonly time: string
  readonly owners: DisplayName | null
}

/** Key and ETag are never empty, and need no look whether they are. */
function contents(info: ObjectSummary, { key, time, owners }: Shown): string {
  const { checksum, etag, size } = info
  const { storageClass = 'STANDARD' } = info.headers
  const checksums =
    checksum === null ? '' : `<ChecksumAlgorithm>${checksum.algorithm}</ChecksumAlgorithm><ChecksumType>${checksum.type}</ChecksumType>`
  const end = owners === null ? '</Contents>' : `${owner(info.ownerId, owners)}</Contents>`
  return (
    `<Contents><Key>${escapeText(key)}</Key><LastModified>${time}</LastModified><ETag>"${escapeText(etag)}"</ETag>${checksums}` +
    `<Size>${size}</Size><StorageClass>${escapeText(storageClass)}</StorageClass>${end}`
  )
}

/** The owner of a row. */
export function owner(id: string | null, displayName: DisplayName): string {
  return `<Owner>${textElement('ID', id ?? '')}${textElement('DisplayName', id === null ? '' : displayName(id))}</Owner>`
}

/** Makes a function that writes times as `toISOString`, which costs as much as the rest of a row: neighbours of a page often share their second. */
export function timeWriter(): (time: Date) => string {
  let second = NaN
  let upToSecond = ''
  return (time) => {
    const milliseconds = time.getTime() % 1000
    if (milliseconds < 0) return time.toISOString()
    if (time.getTime() - milliseconds !== second) {
      second = time.getTime() - milliseconds
      upToSecond = time.toISOString().slice(0, -4)
    }
    return `${upToSecond}${String(milliseconds).padStart(3, '0')}Z`
  }
}
