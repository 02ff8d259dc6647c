import { dirname } from 'node:path'
import type { MetadataStore } from '@stowage/core'
import { formatBackendLocation, IN_DIRECTORY } from './backend-location.ts'
import { BLOBS_FOLDER, checkDataDirectory } from './check-data-directory.ts'
import { isWithoutBlobs, readKeptBackend } from './kept-backend.ts'
import type { MetadataLocation } from './metadata-location.ts'
import { TENANT_STORE } from './tenant-store.ts'

/**
 * Throws where a store would not find its bytes from another place: what is kept in the data directory is looked for in whatever directory
 * the metadata is in, or is served with.
 */
export async function checkBytesReachable(metadata: MetadataStore, from: MetadataLocation, to: MetadataLocation): Promise<void> {
  const { current, former } = await readKeptBackend(metadata)
  const inDirectory = formatBackendLocation(IN_DIRECTORY)
  if ((current !== inDirectory && former !== inDirectory) || (await isWithoutBlobs(metadata))) return
  const isTenants = (await metadata.readDocument(TENANT_STORE)) !== null
  const [before, after] = [bytesOf(from, isTenants), bytesOf(to, isTenants)]
  if (after === null) return
  if (before !== null && before !== after) {
    throw new Error(`The bytes of this store are in ${before}, and would be looked for in ${after}.`)
  }
  await checkDataDirectory(after, BLOBS_FOLDER)
}

/** The data directory that the bytes are in; null where the location says nothing of it. A tenant's file is in a folder of `tenants/` there. */
function bytesOf(location: MetadataLocation, isTenants: boolean): string | null {
  if (location.kind !== 'sqlite' || location.dataDirectory === null) return null
  return isTenants ? dirname(dirname(location.dataDirectory)) : location.dataDirectory
}
