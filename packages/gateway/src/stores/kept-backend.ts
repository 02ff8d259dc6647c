import type { MetadataStore } from '@stowage/core'
import { parseBlobKey } from '@stowage/core/backend'
import type { BlobKey } from '@stowage/core/backend'
import { formatBackendLocation, IN_DIRECTORY } from './backend-location.ts'
import type { BackendLocation } from './backend-location.ts'

/** Where a store's bytes are, as its metadata says it: canonical texts, as `formatBackendLocation` makes them. */
export interface KeptBackend {
  readonly current: string
  /** Where the bytes come from that `stowage copy-backend` has not copied yet. */
  readonly former: string | null
  /** Up to which blob they have been copied. */
  readonly through: BlobKey | null
  /** The version of the document; null where none is kept, and the bytes are in the data directory. */
  readonly version: number | null
}

const KIND = 'gateway.backend'
const ID = 'main'

/** Reads where a store's bytes are. The metadata must be open. */
export async function readKeptBackend(metadata: MetadataStore): Promise<KeptBackend> {
  const { documents } = await metadata.readDocuments({ kinds: [KIND] })
  const [kept] = documents
  if (kept === undefined) return { current: formatBackendLocation(IN_DIRECTORY), former: null, through: null, version: null }
  const { current, former, through } = kept.body as { readonly current?: unknown; readonly former?: unknown; readonly through?: unknown }
  if (typeof current !== 'string' || (former !== null && typeof former !== 'string') || (through !== null && typeof through !== 'string')) {
    throw new Error('What the metadata says of the backend cannot be read: it was written by another release.')
  }
  return { current, former, through: through === null ? null : parseBlobKey(through), version: kept.version }
}

/** What is written of it. */
export interface NewKeptBackend {
  readonly current: BackendLocation
  readonly former: BackendLocation | null
  readonly through: BlobKey | null
}

/** Writes it, and gives back its version; throws where another process has changed it since `expected` was read. */
export async function writeKeptBackend(metadata: MetadataStore, kept: NewKeptBackend, expected: number | null): Promise<number> {
  if (!(await tryWriteKeptBackend(metadata, kept, expected))) {
    throw new Error('Another process has changed where the bytes of this store are. Try again.')
  }
  return (await readKeptBackend(metadata)).version ?? 0
}

/** Writes it where nobody has changed it since `expected` was read, and says whether that is so. */
export async function tryWriteKeptBackend(
  metadata: MetadataStore,
  { current, former, through }: NewKeptBackend,
  expected: number | null,
): Promise<boolean> {
  const body = { current: formatBackendLocation(current), former: former === null ? null : formatBackendLocation(former), through }
  const { outcome } = await metadata.writeDocuments({
    writes: [{ kind: KIND, id: ID, expected, body, sealed: null }],
    raisesPolicyVersion: false,
  })
  return outcome !== 'conflict'
}

/** Whether no row of the store names a blob: then its bytes may be anywhere from now on. */
export async function isWithoutBlobs({ inspection }: MetadataStore): Promise<boolean> {
  const first = { after: null, limit: 1 }
  const [references, garbage] = await Promise.all([inspection.references(first), inspection.garbage(first)])
  return references.rows.length === 0 && garbage.rows.length === 0
}
