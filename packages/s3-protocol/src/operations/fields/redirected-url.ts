import { isStorageError } from '@stowage/core'
import type { OpenedObject } from '@stowage/core'
import type { Redirects } from '../../operation.ts'
import type { ReadInput } from './read-input.ts'

/**
 * Where the backend itself gives an object, which is closed then; null where it is read from here: it is small, or only a part of it is
 * wanted, or it has headers besides its type, which are known here only. Checksums do not count: the AWS SDK asks for them in every URL
 * that it presigns, and who follows redirects looks at none.
 */
export async function redirectedUrl(object: OpenedObject, input: ReadInput, { expiresInSeconds, sizeMin }: Redirects): Promise<URL | null> {
  // The class and the website's redirect are no business of a browser's.
  const { contentType, storageClass: _class, websiteRedirectLocation: _location, ...others } = object.info.headers
  const overrides = new Map(input.overrides)
  // Overrides are written for a header line, as the bytes of UTF-8.
  const overridden = overrides.get('content-type')
  const wantedType = overridden === undefined ? (contentType ?? 'binary/octet-stream') : Buffer.from(overridden, 'latin1').toString()
  overrides.delete('content-type')
  const shown = [...overrides, ...Object.values(others).filter((value) => value !== undefined)]
  if (object.bytes !== null || object.range !== null || object.info.size < sizeMin || shown.length > 0) return null
  try {
    const url = await object.directUrl({ expiresInSeconds, contentType: wantedType })
    if (url !== null) object.close()
    return url
  } catch (error) {
    // The bytes are to be had here all the same, it may be.
    if (isStorageError(error) && error.code === 'BackendUnavailable') return null
    object.close()
    throw error
  }
}
