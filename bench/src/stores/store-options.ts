import type { Limits } from '@stowage/core'
import type { ThreadRecording } from './thread-profiler.ts'
import type { LoadResult, LoadRun, MultipartResult, MultipartRun } from '../load/load-plan.ts'

/** Which metadata store is under the engine. */
export type Database = 'sqlite' | 'postgres'

/** How the process that is measured opens its engine. */
export interface StoreOptions {
  /** Where blobs go, and SQLite's file. */
  readonly directory: string
  readonly postgres: { readonly port: number; readonly password: string; readonly schema: string } | null
  readonly limits: Partial<Limits>
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly region: string
}

/** What the process that holds the engine understands: it serves S3, and runs plans against the engine itself. */
export type StoreCommands = {
  readonly open: { readonly input: StoreOptions; readonly output: { readonly endpoint: string } }
  readonly createBucket: { readonly input: { readonly bucket: string }; readonly output: void }
  readonly engineRun: { readonly input: LoadRun; readonly output: LoadResult }
  readonly engineMultipart: { readonly input: MultipartRun; readonly output: MultipartResult }
  /** Profiles every thread between the two. */
  readonly startProfile: { readonly input: null; readonly output: void }
  readonly stopProfile: { readonly input: null; readonly output: readonly ThreadRecording[] }
  /** Collects what is garbage to the JavaScript engine, so that the next figure for memory has none of the last one's. */
  readonly collect: { readonly input: null; readonly output: void }
}
