import { join } from 'node:path'
import { fsBackend } from '@stowage/backend-fs'
import type { Backend } from '@stowage/core'
import type { BlobKey } from '@stowage/core/backend'
import { sqliteMetadata } from '@stowage/core/sqlite'
import { METADATA_FILE } from '../../stores/stores.ts'
import { unreferencedBlobs } from './referenced-blobs.ts'

/** Deletes the blobs of former backups. Whatever stops this, the next one does it. */
export async function removeUnreferenced(directory: string): Promise<number> {
  const metadata = sqliteMetadata({ file: join(directory, METADATA_FILE), openMarked: true, worker: 'inline' })
  await metadata.open()
  try {
    return await withDirectory(directory, async (backend) => {
      let removed = 0
      let batch: BlobKey[] = []
      const flush = async (): Promise<void> => {
        if (batch.length > 0) await backend.delete(batch)
        removed += batch.length
        batch = []
      }
      for await (const key of unreferencedBlobs(backend, metadata)) if (batch.push(key) >= REMOVED_AT_ONCE) await flush()
      await flush()
      return removed
    })
  } finally {
    await metadata.close()
  }
}

const REMOVED_AT_ONCE = 100

/** Lends the blobs of a directory. */
export async function withDirectory<T>(directory: string, use: (backend: Backend) => Promise<T>): Promise<T> {
  const backend = fsBackend({ directory })
  await backend.init()
  try {
    return await use(backend)
  } finally {
    await backend.close()
  }
}
