import { StorageError } from '@stowage/core/backend'
import type { BlobKey } from '@stowage/core/backend'

/** The name this backend goes by in errors, metrics and logs. */
export const BACKEND_NAME = 'fs'

/** What we were doing when the file system refused. */
export interface FailedCall {
  readonly operation: 'init' | 'put' | 'get' | 'delete' | 'list'
  readonly key?: BlobKey
}

type Row = 'full' | 'busy' | 'broken'

/** What the file system's words mean for a caller. What is not here is `broken`. */
const ROWS: Readonly<Record<string, Row>> = {
  ENOSPC: 'full',
  EDQUOT: 'full',
  // The process may not write files of that size (RLIMIT_FSIZE), or the file system cannot hold them.
  EFBIG: 'full',
  // What runs out and comes back: descriptors, memory, a network mount that is away for a moment.
  EMFILE: 'busy',
  ENFILE: 'busy',
  ENOMEM: 'busy',
  ENOBUFS: 'busy',
  EAGAIN: 'busy',
  EBUSY: 'busy',
  EINTR: 'busy',
  ETIMEDOUT: 'busy',
  ESTALE: 'busy',
  // What stays until somebody repairs it.
  EIO: 'broken',
  EROFS: 'broken',
  EACCES: 'broken',
  EPERM: 'broken',
}

/**
 * An error of the file system in the engine's words, with the original as its `cause`; every other error as it is.
 * Messages name no path: those of the host are nobody's business.
 */
export function translate(error: unknown, call: FailedCall): unknown {
  const code = errorCode(error)
  if (code === null) return error
  if (code === 'ENOENT' && call.operation === 'get' && call.key !== undefined) {
    return new StorageError('BlobNotFound', { blob: call.key }, { cause: error })
  }
  if (code === 'EEXIST' && call.operation === 'put') {
    return new StorageError(
      'Conflict',
      { what: 'blob' },
      { cause: error, message: 'A blob of this name exists; names are never used twice.' },
    )
  }
  const row = ROWS[code] ?? 'broken'
  if (row === 'full')
    return new StorageError('StorageFull', { where: BACKEND_NAME }, { cause: error, message: `The disk of the blobs is full (${code}).` })
  return new StorageError(
    'BackendUnavailable',
    { backend: BACKEND_NAME, operation: call.operation },
    { cause: error, retryable: row === 'busy', message: `The file system refused '${call.operation}' (${code}).` },
  )
}

/** The file system's own code (`ENOSPC`), or null where the error does not come from there. */
export function errorCode(error: unknown): string | null {
  if (!(error instanceof Error) || !('code' in error) || !('syscall' in error)) return null
  return typeof error.code === 'string' ? error.code : null
}

/** Whether the disk said that it is full, which is no sign of damage. */
export function isFull(error: unknown): boolean {
  return ROWS[errorCode(error) ?? ''] === 'full'
}
