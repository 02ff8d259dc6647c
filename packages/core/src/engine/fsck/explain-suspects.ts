import type { InspectedManifest } from '../../metadata/inspection.ts'
import type { BlobRef, Extent } from '../../model/extent.ts'
import { hashOf } from './blob-table.ts'
import type { SuspectBlob } from './check-blobs.ts'
import { holds } from './check-rows.ts'
import type { FsckContext } from './context.ts'
import { pagesOf } from './cursor.ts'
import { holderOf } from './finding.ts'
import type { Holder } from './finding.ts'

type BlobExtent = Extract<Extent, { readonly kind: 'blob' }>

/** A suspect, and what the manifests turn out to want of it. */
interface Case {
  readonly suspect: SuspectBlob
  /** References that are there, by their holder; those that a manifest wants are taken out. */
  readonly stray: Map<string, SuspectBlob['references'][number]>
  /** Holders whose reference was found. */
  readonly counted: Set<string>
}

/** Finds out whom suspects concern: one more pass over the manifests, only where there are any. By name, so that no hash can accuse wrongly. */
export async function explainSuspects(context: FsckContext, suspects: readonly SuspectBlob[]): Promise<void> {
  if (suspects.length === 0) return
  const { metadata, findings, signal } = context
  const cases = new Map<number, Case>(suspects.map((suspect) => [suspect.hash, openCase(suspect)]))
  for await (const page of pagesOf((query) => metadata.inspection.manifests(query), signal)) {
    for (const manifest of page) explainManifest(context, manifest, cases)
  }
  for (const { stray } of cases.values()) {
    for (const reference of stray.values()) findings.add('reference-stray', { ...reference })
  }
}

function openCase(suspect: SuspectBlob): Case {
  const stray = new Map(suspect.references.map((reference) => [keyOf(reference), reference]))
  return { suspect, stray, counted: new Set() }
}

function keyOf({ manifestId, partNumber }: Pick<Holder, 'manifestId' | 'partNumber'>): string {
  return `${manifestId}/${partNumber ?? 0}`
}

function explainManifest(context: FsckContext, manifest: InspectedManifest, cases: ReadonlyMap<number, Case>): void {
  const reach = new Map<Case, { readonly ref: BlobRef; readonly end: number }>()
  for (const extent of manifest.extents) {
    if (extent.kind !== 'blob') continue
    const found = cases.get(hashOf(extent))
    if (found === undefined || !isNamed(found, extent)) continue
    const end = Math.max(reach.get(found)?.end ?? 0, extent.storedOffset + extent.storedLength)
    reach.set(found, { ref: { backendId: extent.backendId, blob: extent.blob }, end })
  }
  for (const [found, { ref, end }] of reach) explainBlob(context, manifest, { found, ref, end })
}

function isNamed({ suspect: { name } }: Case, extent: BlobExtent): boolean {
  return name === null || (name.blob === extent.blob && name.backendId === extent.backendId)
}

interface Reach {
  readonly found: Case
  readonly ref: BlobRef
  /** How far into the blob the manifest's stretches reach. */
  readonly end: number
}

function explainBlob({ findings, backends, unknownBackends }: FsckContext, manifest: InspectedManifest, { found, ref, end }: Reach): void {
  const holder = holderOf(manifest)
  const { size } = found.suspect
  if (!backends.has(ref.backendId)) unknownBackends.add(ref.backendId)
  else if (size === null) findings.add('blob-missing', { ...ref, holder })
  else if (size < end) findings.add('blob-too-short', { ...ref, holder, size, needed: end })
  if (!holds(manifest)) return
  const key = keyOf(manifest)
  if (found.stray.delete(key)) found.counted.add(key)
  else if (!found.counted.has(key)) findings.add('reference-missing', { ...ref, holder })
}
