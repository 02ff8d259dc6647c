import { access } from 'node:fs/promises'
import { isStorageError } from '@stowage/core'
import type { MetadataStore } from '@stowage/core'
import { sqliteMetadata } from '@stowage/core/sqlite'
import type { MetadataLocation } from './metadata-location.ts'
import { formatMetadataLocation } from './metadata-location.ts'
import { postgresStore } from './stores.ts'

/** Lends metadata that may not be for serving, open and up to date. With `mustExist` none is made where there is none. */
export async function withMarkedMetadata<T>(
  location: MetadataLocation,
  { mustExist }: { readonly mustExist: boolean },
  use: (metadata: MetadataStore) => Promise<T>,
): Promise<T> {
  const { metadata, close } = await openMarked(location, mustExist)
  try {
    return await use(metadata)
  } finally {
    await close()
  }
}

interface Opened {
  readonly metadata: MetadataStore
  readonly close: () => Promise<void>
}

async function openMarked(location: MetadataLocation, mustExist: boolean): Promise<Opened> {
  if (!mustExist) return open(location, true)
  if (location.kind === 'sqlite') {
    await access(location.file).catch((cause: unknown) => {
      throw new Error(`There is no ${location.file} that can be read.`, { cause })
    })
  }
  try {
    return await open(location, false)
  } catch (error) {
    if (!isStorageError(error) || error.code !== 'SchemaTooOld') throw error
    if (error.details.found === 0) throw new Error(`There is no store in ${formatMetadataLocation(location)}.`, { cause: error })
    return open(location, true)
  }
}

async function open(location: MetadataLocation, migrate: boolean): Promise<Opened> {
  const { metadata, end } = await storeOf(location, migrate)
  try {
    await metadata.open()
  } catch (error) {
    await end()
    throw error
  }
  return { metadata, close: () => metadata.close().finally(end) }
}

async function storeOf(location: MetadataLocation, migrate: boolean): ReturnType<typeof postgresStore> {
  if (location.kind === 'postgres') {
    return postgresStore(location.url, { schema: location.schema ?? undefined, migrate, openMarked: true })
  }
  return { metadata: sqliteMetadata({ file: location.file, migrate, openMarked: true }), end: async () => undefined }
}
