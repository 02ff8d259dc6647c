import type { MetadataStore } from '@stowage/core'
import { formatBackendLocation, IN_DIRECTORY } from './backend-location.ts'
import { BLOBS_FOLDER, checkDataDirectory } from './check-data-directory.ts'
import { isWithoutBlobs, readKeptBackend } from './kept-backend.ts'
import type { MetadataLocation } from './metadata-location.ts'

/**
 * Throws where a store would not find its bytes from another place: what is kept in the data directory is looked for in whatever directory
 * the metadata is in, or is served with.
 */
export async function checkBytesReachable(metadata: MetadataStore, from: MetadataLocation, to: MetadataLocation): Promise<void> {
  const { current, former } = await readKeptBackend(metadata)
  const inDirectory = formatBackendLocation(IN_DIRECTORY)
  if ((current !== inDirectory && former !== inDirectory) || (await isWithoutBlobs(metadata))) return
  if (to.kind !== 'sqlite' || to.dataDirectory === null) return
  if (from.kind === 'sqlite' && from.dataDirectory !== null && from.dataDirectory !== to.dataDirectory) {
    throw new Error(`The bytes of this store are in ${from.dataDirectory}, and would be looked for in ${to.dataDirectory}.`)
  }
  await checkDataDirectory(to.dataDirectory, BLOBS_FOLDER)
}
