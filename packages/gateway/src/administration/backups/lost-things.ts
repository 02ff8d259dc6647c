import { fsck } from '@stowage/core'
import type { Backend, FsckFinding, FsckStep, MetadataStore } from '@stowage/core'
import { parseBlobKey } from '@stowage/core/backend'
import type { BlobKey } from '@stowage/core/backend'

/** Something that a store had lost, or that was damaged in it, before it was backed up: as fsck finds it in the backup. */
export interface LostThing {
  /** Null where it is no blob. */
  readonly blob: BlobKey | null
  /** The same for the same damage, and for no other. */
  readonly finding: string
}

/** What is looked at, and how. */
export interface FindLostOptions {
  /** The rows of the backup. Open. */
  readonly metadata: MetadataStore
  /** Its blobs. Open. */
  readonly backend: Backend
  /** Of which blobs the bytes are read. */
  readonly reads: (blob: BlobKey) => boolean
  /** Hears how far it is. */
  readonly onProgress: (step: FsckStep) => void
  /** Stops it; it rejects then. */
  readonly signal: AbortSignal
}

/** All that was found. */
export interface FoundLost {
  readonly lost: readonly LostThing[]
  /** The first of it, for people. */
  readonly findings: readonly FsckFinding[]
}

const NAMED_MAX = 10
/** What is wrong with the directory of the backup, and not with what is in it. */
const OWN_FAULTS: ReadonlySet<FsckFinding['kind']> = new Set(['blob-unreadable', 'backend-unknown', 'database-damaged'])

/** Holds a backup against its rows: what it lacks then, the store had lost. Throws where the backup itself cannot be read. */
export async function findLost({ metadata, backend, reads, onProgress, signal }: FindLostOptions): Promise<FoundLost> {
  // Once each, however many names share it.
  const found = new Map<string, LostThing>()
  const findings: FsckFinding[] = []
  const faults: FsckFinding[] = []
  const onFinding = (finding: FsckFinding): void => {
    // A former backup has blobs here, too, until this one is in place.
    if (finding.severity !== 'damage' || finding.kind === 'blob-orphan') return
    if (OWN_FAULTS.has(finding.kind)) faults.push(finding)
    const thing = lostThing(finding)
    if (found.has(thing.finding)) return
    found.set(thing.finding, thing)
    if (findings.length < NAMED_MAX) findings.push(finding)
  }
  await fsck({
    metadata,
    backends: { main: backend },
    opened: true,
    deep: true,
    reads: ({ blob }) => reads(blob),
    asksDatabase: false,
    findingsMax: 0,
    onFinding,
    onProgress,
    signal,
  })
  const [fault] = faults
  if (fault !== undefined) throw new Error(`What was just backed up cannot be read: ${lostThing(fault).finding}.`)
  return { lost: [...found.values()], findings }
}

/** What a finding says is lost. */
export function lostThing(finding: FsckFinding): LostThing {
  const { kind, details } = finding
  if (finding.kind === 'bytes-damaged') {
    const { blob, holder, expected, actual } = finding.details
    // Whoever of those who share it is found first.
    if (blob !== null) return { blob: blob.blob, finding: `${kind} ${JSON.stringify({ ...blob, expected, actual })}` }
    return { blob: null, finding: `${kind} ${JSON.stringify({ holder, expected, actual })}` }
  }
  return {
    blob: 'blob' in details && typeof details.blob === 'string' ? parseBlobKey(details.blob) : null,
    finding: `${kind} ${JSON.stringify(details)}`,
  }
}
