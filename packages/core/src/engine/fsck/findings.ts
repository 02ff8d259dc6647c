import { SEVERITIES } from './finding.ts'
import type { FsckDetails, FsckFinding, FsckKind, FsckSeverity } from './finding.ts'

/** Collects findings: all are counted and told, so many are kept. */
export class Findings {
  readonly #max: number
  readonly #tell: ((finding: FsckFinding) => void) | undefined
  readonly #kept: FsckFinding[] = []
  readonly #counts = new Map<FsckKind, number>()

  constructor(max: number, tell: ((finding: FsckFinding) => void) | undefined) {
    this.#max = max
    this.#tell = tell
  }

  /** The first ones. */
  get kept(): readonly FsckFinding[] {
    return this.#kept
  }

  /** How many there are of each kind that there is. */
  get counts(): Readonly<Partial<Record<FsckKind, number>>> {
    return Object.fromEntries(this.#counts)
  }

  /** How many there are of a severity. */
  count(severity: FsckSeverity): number {
    let sum = 0
    for (const [kind, count] of this.#counts) sum += SEVERITIES[kind] === severity ? count : 0
    return sum
  }

  add<K extends FsckKind>(kind: K, details: FsckDetails[K]): void {
    this.#counts.set(kind, (this.#counts.get(kind) ?? 0) + 1)
    // Kind and details belong together by this method's signature, which a mapped union cannot see.
    const finding = { kind, severity: SEVERITIES[kind], details } as FsckFinding
    if (this.#kept.length < this.#max) this.#kept.push(finding)
    this.#tell?.(finding)
  }
}
