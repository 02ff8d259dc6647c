import type { JoinFacet } from '../../backend/backend.ts'
import type { PlacedExtent } from '../../metadata/exchange.ts'

/** When the blobs of an object are joined after Complete, and how many at once. */
export interface JoinRules {
  /** Objects of fewer extents stay as they are. */
  readonly extentsMin: number
  /** Objects whose extents are larger than this on average, in bytes, stay as they are: a request for each costs little beside its bytes. */
  readonly extentSizeMax: number
  /** Blobs joined into one at the most: the exchange moves as many rows in one commit, and others wait for it. */
  readonly sourcesMax: number
}

const MIB = 1024 * 1024

/** What holds for an engine that joins, unless it is told otherwise. docs/decisions/0015-join-after-complete.md has the figures. */
export const DEFAULT_JOIN_RULES: JoinRules = { extentsMin: 32, extentSizeMax: 64 * MIB, sourcesMax: 256 }

/** What the backend can join; the engine stays below it. */
export interface JoinPowers extends Pick<JoinFacet, 'sourceCountMax' | 'sourceSizeMin' | 'sourceSizeMax' | 'sourceSizesEqual'> {
  /** The id under which extents name it. */
  readonly backendId: string
  /** The largest blob, in bytes. */
  readonly blobSizeMax: number
}

/** An extent that may be joined: a whole blob, as far as its row can tell. */
export type JoinSource = Extract<PlacedExtent, { readonly kind: 'blob' }>

/** Extents one behind the other that are to become one blob; two at least. */
export type JoinRun = readonly JoinSource[]

/** What a plan follows from, beside the extents. */
export interface JoinGrounds {
  readonly powers: JoinPowers
  readonly rules: JoinRules
}

/**
 * Decides which extents of an object are to be joined, if any: the one place where it is decided. Pure.
 *
 * Joined are neighbours that are whole blobs of the backend, in the clear, named once and held by nobody else: what a copy
 * holds, too, would only be stored twice.
 */
export function planJoins(extents: readonly PlacedExtent[], grounds: JoinGrounds): readonly JoinRun[] {
  const { rules, powers } = grounds
  const size = extents.reduce((sum, { length }) => sum + length, 0)
  if (extents.length < rules.extentsMin || size > rules.extentSizeMax * extents.length) return []
  const twice = namedTwice(extents)
  const runs: JoinSource[][] = []
  let run: JoinSource[] = []
  runs.push(run)
  let runSize = 0
  for (const extent of extents) {
    const source = sourceOf(extent, powers)
    if (source === null || twice.has(source.blob) || !goesOn(run, { next: source, runSize }, grounds)) {
      run = []
      runs.push(run)
      runSize = 0
    }
    if (source === null || twice.has(source.blob)) continue
    run.push(source)
    runSize += source.length
  }
  return runs.filter(({ length }) => length > 1)
}

function namedTwice(extents: readonly PlacedExtent[]): ReadonlySet<string> {
  const seen = new Set<string>()
  const twice = new Set<string>()
  for (const extent of extents) {
    if (extent.kind !== 'blob') continue
    if (seen.has(extent.blob)) twice.add(extent.blob)
    seen.add(extent.blob)
  }
  return twice
}

/** A stretch that was cut out of a blob has no CRC-32C. That a blob is longer than its extent shows when it is joined. */
function sourceOf(extent: PlacedExtent, { backendId, sourceSizeMax }: JoinPowers): JoinSource | null {
  if (extent.kind !== 'blob' || extent.backendId !== backendId || extent.shared) return null
  const { envelope, crc32c, storedOffset, storedLength, length } = extent
  const isWhole = envelope === null && crc32c !== null && storedOffset === 0 && storedLength === length
  return isWhole && length <= sourceSizeMax ? extent : null
}

interface NextSource {
  readonly next: JoinSource
  /** Bytes of the run so far. */
  readonly runSize: number
}

function goesOn(run: JoinRun, { next, runSize }: NextSource, { powers, rules }: JoinGrounds): boolean {
  const [first] = run
  const last = run.at(-1)
  if (first === undefined || last === undefined) return true
  const { sourceCountMax, sourceSizeMin, sourceSizesEqual, blobSizeMax } = powers
  if (run.length >= Math.min(sourceCountMax, rules.sourcesMax)) return false
  if (last.length < sourceSizeMin) return false
  // The last one may be smaller, and no more than that: R2 refuses a larger one.
  if (sourceSizesEqual && (last.length !== first.length || next.length > first.length)) return false
  return runSize + next.length <= blobSizeMax
}
