import { S3Error } from '../../s3-error.ts'
import type { S3Query } from '../../s3-query.ts'

/** Writes keys as `encoding-type=url` wants them, or as they are. */
export type KeyWriter = (key: string) => string

const UNRESERVED_BUT_ENCODED_BY_S3 = /[!'()]/g

/**
 * Reads `encoding-type`. With `url`, keys, prefixes, markers and the delimiter are percent-encoded but for `/`: the only
 * way to list keys that XML 1.0 cannot hold. API_ListObjectsV2.
 */
export function readKeyWriter(query: S3Query): { readonly write: KeyWriter; readonly encodingType: 'url' | undefined } {
  const type = query.text('encoding-type')
  if (type === undefined) return { write: (key) => key, encodingType: undefined }
  if (type !== 'url') {
    throw new S3Error('InvalidArgument', 'Invalid Encoding Method specified in Request', {
      fields: { ArgumentName: 'encoding-type', ArgumentValue: type },
    })
  }
  return { write: encodeKey, encodingType: 'url' }
}

function encodeKey(key: string): string {
  return encodeURIComponent(key)
    .replaceAll('%2F', '/')
    .replace(UNRESERVED_BUT_ENCODED_BY_S3, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
}
