import { constants } from 'node:fs'
import { isFull } from './errors.ts'
import { FileWriter } from './file-writer.ts'
import type { BlobPath } from './paths.ts'
import type { Store } from './store.ts'

/** Nobody but the owner reads blobs around the engine. */
const FILE_MODE = 0o600

/** Failures after the file was made, and whether it could be removed again. */
export interface FailedWrite {
  readonly error: unknown
  readonly removed: boolean
}

/** What a file is filled with. */
export interface FileContent {
  /** Writes all of it. */
  writeTo(writer: FileWriter): Promise<void>
  /** Takes back a chunk that has been written. */
  release(chunk: Uint8Array): void
}

/**
 * Makes the file at its final name, has it filled, and makes it durable: O_EXCL, writev, fdatasync, a checked close,
 * fsync of the directory. No rename: nothing refers to the name before the caller says so.
 *
 * Resolves to null when the file survives a power cut, or to what went wrong after it was made: then it is closed, and
 * removed where the disk still does that. Rejects where it could not be made; then it is not ours to remove.
 */
export async function durableWrite(store: Store, path: BlobPath, content: FileContent): Promise<FailedWrite | null> {
  const { fileSystem } = store
  const file = `${store.root}/${path.file}`
  const descriptor = await fileSystem.open(file, constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY, FILE_MODE)
  try {
    await fillAndClose(store, descriptor, content)
    await store.directorySync?.sync(`${store.root}/${path.directory}`)
    return null
  } catch (error) {
    const removed = await fileSystem.unlink(file).then(
      () => true,
      () => false,
    )
    return { error, removed }
  }
}

async function fillAndClose(store: Store, descriptor: number, content: FileContent): Promise<void> {
  const { fileSystem } = store
  const writer = new FileWriter(fileSystem, descriptor, (chunk) => content.release(chunk))
  try {
    await content.writeTo(writer)
    await writer.finish()
    if (store.options.durability === 'power-cut') await syncData(store, descriptor)
  } catch (error) {
    await writer.settle()
    await fileSystem.close(descriptor).catch(() => {})
    throw error
  }
  await fileSystem.close(descriptor)
}

async function syncData(store: Store, descriptor: number): Promise<void> {
  try {
    await store.fileSystem.fdatasync(descriptor)
  } catch (error) {
    // A disk that is full when it comes to allocate (quotas, thin volumes, NFS) is not broken; this file fails alone.
    if (!isFull(error)) store.health.syncFailed(error)
    throw error
  }
}
