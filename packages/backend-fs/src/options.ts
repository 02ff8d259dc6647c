import { isAbsolute } from 'node:path'
import { StorageError } from '@stowage/core/backend'

/** What a resolved `put` survives: a power cut, or only the end of this process (no syncs; several times faster). */
export type Durability = 'power-cut' | 'process'

/** Options of `fsBackend`. */
export interface FsBackendOptions {
  /** Where the blobs live: an absolute path, made by `init` where it is missing (readable by its owner only). */
  readonly directory: string
  /** Default: `power-cut`. */
  readonly durability?: Durability
  /** The largest blob, in bytes. Default: 5 TiB, what S3 long allowed for an object, well within ext4's 16 TiB. */
  readonly blobSizeMax?: number
  /** How much memory is kept for reads that come later, in bytes. Default: 32 MiB. */
  readonly readPoolSizeMax?: number
}

const DEFAULTS: Required<Omit<FsBackendOptions, 'directory'>> = {
  durability: 'power-cut',
  blobSizeMax: 5 * 1024 ** 4,
  readPoolSizeMax: 32 * 1024 ** 2,
}

/** Checks and completes the options; `InvalidArgument` says which one is wrong. The result is a frozen copy. */
export function parseOptions(options: FsBackendOptions): Required<FsBackendOptions> {
  for (const name of Object.keys(options)) {
    if (name !== 'directory' && !(name in DEFAULTS)) refuse(name, 'fsBackend has no such option')
  }
  const parsed: Required<FsBackendOptions> = {
    directory: options.directory,
    durability: options.durability ?? DEFAULTS.durability,
    blobSizeMax: options.blobSizeMax ?? DEFAULTS.blobSizeMax,
    readPoolSizeMax: options.readPoolSizeMax ?? DEFAULTS.readPoolSizeMax,
  }
  // A relative path would mean another place as soon as somebody changes the working directory.
  if (typeof parsed.directory !== 'string' || !isAbsolute(parsed.directory)) refuse('directory', 'must be an absolute path')
  if (parsed.durability !== 'power-cut' && parsed.durability !== 'process') refuse('durability', "must be 'power-cut' or 'process'")
  if (!Number.isSafeInteger(parsed.blobSizeMax) || parsed.blobSizeMax < 1) refuse('blobSizeMax', 'must be a number of bytes from 1 on')
  if (!Number.isSafeInteger(parsed.readPoolSizeMax) || parsed.readPoolSizeMax < 0) refuse('readPoolSizeMax', 'must be a number of bytes')
  return Object.freeze(parsed)
}

function refuse(argument: string, reason: string): never {
  throw new StorageError('InvalidArgument', { argument, reason })
}
