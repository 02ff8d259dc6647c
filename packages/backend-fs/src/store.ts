import type { BlobKey } from '@stowage/core/backend'
import type { BufferPool } from './buffer-pool.ts'
import type { DirectorySync } from './directory-sync.ts'
import type { FanOut } from './fan-out.ts'
import type { FileSystem } from './file-system.ts'
import type { FsBackendOptions } from './options.ts'
import type { WriteHealth } from './write-health.ts'

/** What the operations of one backend share. */
export interface Store {
  readonly options: Required<FsBackendOptions>
  readonly fileSystem: FileSystem
  /** `<directory>/blobs`: all paths of `paths.ts` begin here. */
  readonly root: string
  readonly fanOut: FanOut
  /** Null where directories are not synced: durability 'process', and Windows, whose file systems journal their names. */
  readonly directorySync: DirectorySync | null
  readonly health: WriteHealth
  readonly pool: BufferPool
  /**
   * Files at their final name that are no blobs: those being written (no reader and no listing sees them), and those of
   * failed puts that could not be removed (no reader sees them; listings do, for the collector).
   */
  readonly unreadable: Map<BlobKey, 'being written' | 'left behind'>
}
