import { access } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { MetadataStore } from '@stowage/core'
import { formatBackendLocation, IN_DIRECTORY } from './backend-location.ts'
import { BLOBS_FOLDER, checkDataDirectory } from './check-data-directory.ts'
import { isWithoutBlobs, readKeptBackend } from './kept-backend.ts'
import type { MetadataLocation } from './metadata-location.ts'
import { CONTROL_FILE, TENANT_STORE, TENANTS_FOLDER } from './tenant-store.ts'

/**
 * Throws where a store would not find its bytes from another place: what is kept in the data directory is looked for in whatever directory
 * the metadata is in, or is served with.
 */
export async function checkBytesReachable(metadata: MetadataStore, from: MetadataLocation, to: MetadataLocation): Promise<void> {
  const { current, former } = await readKeptBackend(metadata)
  const inDirectory = formatBackendLocation(IN_DIRECTORY)
  if ((current !== inDirectory && former !== inDirectory) || (await isWithoutBlobs(metadata))) return
  const isTenants = (await metadata.readDocument(TENANT_STORE)) !== null
  const placeOf = (location: MetadataLocation): Promise<Place | null> => bytesOf(location, isTenants)
  const [before, after] = [await placeOf(from), await placeOf(to)]
  if (after === null) return
  if (before !== null && before.directory !== after.directory) {
    throw new Error(`The bytes of this store are in ${before.directory}, and would be looked for in ${after.directory}.`)
  }
  if (after.isServers) await checkServersDirectory(after.directory)
  else await checkDataDirectory(after.directory, BLOBS_FOLDER)
}

/** Where a store's bytes are looked for. */
interface Place {
  /** A data directory. */
  readonly directory: string
  /** Whether it is that of a server with tenants, which says itself where their bytes are. */
  readonly isServers: boolean
}

/**
 * Null where the location says nothing of it. A tenant's file is in a folder of `tenants/` of its server's data directory; one that was restored
 * elsewhere is a store of its own, with its own bytes, whatever its folder is called.
 */
async function bytesOf(location: MetadataLocation, isTenants: boolean): Promise<Place | null> {
  if (location.kind !== 'sqlite' || location.dataDirectory === null) return null
  const folder = dirname(location.dataDirectory)
  const isServers = isTenants && basename(folder) === TENANTS_FOLDER && !(await isThere(join(location.dataDirectory, BLOBS_FOLDER)))
  return { directory: isServers ? dirname(folder) : location.dataDirectory, isServers }
}

/** With a backend of its own, or with its list of tenants in Postgres, it lacks one of the two. */
async function checkServersDirectory(directory: string): Promise<void> {
  for (const sign of [CONTROL_FILE, BLOBS_FOLDER]) if (await isThere(join(directory, sign))) return
  throw new Error(`${directory} is not the data directory of a server with tenants: it has neither ${CONTROL_FILE} nor ${BLOBS_FOLDER}.`)
}

function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
