import type { Backend } from '../../src/backend/backend.ts'
import type { BlobKey } from '../../src/backend/blob-key.ts'
import type { InspectedManifest, InspectionPage, InspectionQuery } from '../../src/metadata/inspection.ts'
import type { MetadataStore } from '../../src/metadata/metadata-store.ts'

/*
 * The invariants in a few lines, apart from `fsck` on purpose: two oracles that share no code.
 */

/** That of `fsck`: the pages are then the same, and may be read once. */
const PAGE_SIZE = 256

/**
 * Throws with everything that store and backend contradict each other in. What the store itself says of its rows
 * (`integrity`, `contradictions`, `strayInline`) is not asked here: `fsck` does, and asked again it says the same. Gives
 * back the blobs that lie in the backend.
 */
export async function auditStore(store: MetadataStore, backend: Backend): Promise<readonly BlobKey[]> {
  const { inspection } = store
  const sizes = await blobsIn(backend)
  const manifests = await rowsOf((query) => inspection.manifests(query))
  const references = await rowsOf((query) => inspection.references(query))
  const known = new Set((await rowsOf((query) => inspection.garbage(query))).map(({ blob }): string => blob))
  const held = new Set(references.map(({ blob }): string => blob))
  const referred = new Set(references.map(({ blob, manifestId }) => `${blob} of ${manifestId}`))
  const wanted = new Set(manifests.flatMap(blobsOf))
  const findings = [
    ...manifests.flatMap((manifest) => findingsOf(manifest, sizes)),
    ...[...wanted].filter((name) => !referred.has(name)).map((name) => `without a reference: ${name}`),
    ...[...referred].filter((name) => !wanted.has(name)).map((name) => `a reference of nobody: ${name}`),
    ...[...known].filter((blob) => held.has(blob)).map((blob) => `referenced, and garbage: ${blob}`),
    ...[...sizes.keys()].filter((blob) => !held.has(blob) && !known.has(blob)).map((blob) => `leaked: ${blob}`),
  ]
  if (findings.length > 0) throw new Error(`the stores are damaged:\n${findings.join('\n')}`)
  return [...sizes.keys()]
}

function blobsOf({ manifestId, extents }: InspectedManifest): readonly string[] {
  return extents.flatMap((extent) => (extent.kind === 'blob' ? [`${extent.blob} of ${manifestId}`] : []))
}

function findingsOf({ key, size, extents }: InspectedManifest, sizes: ReadonlyMap<string, number>): readonly string[] {
  const length = extents.reduce((sum, extent) => sum + extent.length, 0)
  const findings = length === size ? [] : [`${key}: has ${length} bytes, its row says ${size}`]
  for (const extent of extents) {
    if (extent.kind === 'missing-inline') findings.push(`${key}: its inline bytes are gone`)
    if (extent.kind === 'blob' && !((sizes.get(extent.blob) ?? -1) >= extent.storedOffset + extent.storedLength)) {
      findings.push(`${key}: ${extent.blob} is ${sizes.has(extent.blob) ? 'too short' : 'gone'}`)
    }
  }
  return findings
}

async function blobsIn(backend: Backend): Promise<ReadonlyMap<BlobKey, number>> {
  const sizes = new Map<BlobKey, number>()
  for await (const { key, size } of backend.list({ prefix: '' })) sizes.set(key, size)
  return sizes
}

async function rowsOf<T>(page: (query: InspectionQuery) => Promise<InspectionPage<T>>): Promise<readonly T[]> {
  const rows: T[] = []
  let after: string | null = null
  do {
    const { rows: some, next }: InspectionPage<T> = await page({ after, limit: PAGE_SIZE })
    rows.push(...some)
    after = next
  } while (after !== null)
  return rows
}
