import type { Backend } from '../../backend/backend.ts'
import type { MetadataStore } from '../../metadata/metadata-store.ts'
import type { BlobRef } from '../../model/extent.ts'
import type { Findings } from './findings.ts'
import type { FsckProgress } from './progress.ts'

/** What the steps of one check share. */
export interface FsckContext {
  readonly metadata: MetadataStore
  readonly backends: ReadonlyMap<string, Backend>
  readonly blobPrefix: string
  /** Of each pass. */
  readonly blobsAtOnceMax: number
  readonly findings: Findings
  readonly progress: FsckProgress
  /** Of which blobs a deep check reads the bytes. */
  readonly reads: (blob: BlobRef) => boolean
  readonly signal: AbortSignal | undefined
  /** Backends that rows name and that were not given; told once each. */
  readonly unknownBackends: Set<string>
}
