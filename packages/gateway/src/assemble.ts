import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fsBackend } from '@stowage/backend-fs'
import { accountCaller, openEngine, ownersOnly } from '@stowage/core'
import type { Backend, Engine, MetadataStore, Observer } from '@stowage/core'
import { memoryBackend } from '@stowage/core/backend'
import { sqliteMetadata } from '@stowage/core/sqlite'
import type { HttpHandler } from '@stowage/http'
import { s3Handler } from '@stowage/s3-protocol'
import type { RootCredentials } from './root-credentials.ts'

/** The account that the one pair of credentials belongs to. */
export const ROOT_ACCOUNT = 'root'

/** What is put together for one data directory, or for none. */
export interface AssembleOptions {
  /** Null keeps the bytes in memory, and the metadata in a temporary file that goes with the process. */
  readonly directory: string | null
  /** The one pair of keys there is; its bearer owns every bucket. */
  readonly credentials: RootCredentials
  /** What signatures must name, and what GetBucketLocation answers. */
  readonly region: string
  /** Hears of faults of engine and door. */
  readonly observer: Observer
}

/** An open engine, and its S3 door. */
export interface Assembled {
  readonly engine: Engine
  readonly handler: HttpHandler
}

/** Opens the stores in a directory, which must be there, the engine over them, and the S3 door before it. */
export async function assemble(options: AssembleOptions): Promise<Assembled> {
  const { metadata, backend } =
    options.directory === null ? { metadata: sqliteMetadata({ temporary: true }), backend: memoryBackend() } : storesIn(options.directory)
  const engine = await openEngine({ metadata, backend, policy: ownersOnly(), observer: options.observer })
  const { accessKeyId, secretAccessKey } = options.credentials
  const credential = { id: accessKeyId, version: '1', secretAccessKey, caller: accountCaller(ROOT_ACCOUNT, accessKeyId) }
  const handler = s3Handler({
    engine,
    region: options.region,
    credentials: { find: (id) => (id === accessKeyId ? credential : null) },
    observer: options.observer,
  })
  return { engine, handler }
}

/** The metadata of a data directory. */
export const METADATA_FILE = 'metadata.sqlite'

/** Where a directory keeps what; fsck looks in the same places. */
export function storesIn(directory: string): { readonly metadata: MetadataStore; readonly backend: Backend } {
  return {
    metadata: sqliteMetadata({ file: join(directory, METADATA_FILE) }),
    backend: fsBackend({ directory }),
  }
}

/** Makes the directory where it is missing. Only its owner may look inside: everybody's bytes are there, and the credentials. */
export async function makeDataDirectory(directory: string): Promise<void> {
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 })
  } catch (error) {
    throw new Error(`The data directory ${directory} cannot be made: ${(error as Error).message}`, { cause: error })
  }
}
