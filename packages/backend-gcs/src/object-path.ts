import { parseBlobKey } from '@stowage/core/backend'
import type { BlobKey } from '@stowage/core/backend'
import type { ParsedOptions } from './options.ts'

type Place = Pick<ParsedOptions, 'bucket' | 'prefix'>

/** The name of the object that holds a blob. */
export function objectName({ prefix }: Place, key: BlobKey): string {
  return prefix + key
}

/** The blob whose object this is, or null for an object of somebody else. */
export function blobKeyOf({ prefix }: Place, name: string): BlobKey | null {
  if (!name.startsWith(prefix)) return null
  try {
    return parseBlobKey(name.slice(prefix.length))
  } catch {
    return null
  }
}

/** The path of the bucket in the JSON API. */
export function bucketPath({ bucket }: Place): string {
  return `/storage/v1/b/${bucket}`
}

/** The path of a blob's object in the JSON API; its slashes are encoded, because the name is one segment. */
export function objectPath(place: Place, key: BlobKey): string {
  return `${bucketPath(place)}/o/${encodeURIComponent(objectName(place, key))}`
}

/** The path under which objects are made. */
export function uploadPath({ bucket }: Place): string {
  return `/upload/storage/v1/b/${bucket}/o`
}

/** A path with a query; what is null is left out. */
export function withQuery(path: string, query: Readonly<Record<string, string | null>>): string {
  const pairs = Object.entries(query).flatMap(([name, value]) => (value === null ? [] : [`${name}=${encodeURIComponent(value)}`]))
  return pairs.length === 0 ? path : `${path}?${pairs.join('&')}`
}
