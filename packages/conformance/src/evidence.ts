import { writeFile } from 'node:fs/promises'
import type { Case, Waiver } from './case.ts'

/** What became of one case. */
export interface CaseEvidence {
  readonly case: string
  readonly facet: string | null
  /** `waived`: it failed, as a waiver said it would. */
  readonly outcome: 'passed' | 'failed' | 'waived'
  readonly reason: string | null
  readonly issue: string | null
}

/** The capability report of one subject: what the table in the README is made of. Holds no times, so that it differs only where the outcome does. */
export interface Evidence {
  readonly suite: string
  readonly facets: readonly string[]
  readonly cases: readonly CaseEvidence[]
}

/** How one run of a suite is recorded. */
export interface EvidencePlan {
  readonly suite: string
  readonly facets: readonly string[]
  /** How many cases will be recorded. */
  readonly expected: number
  /** Where the report goes, or null for nowhere. */
  readonly path: string | null
}

/** Collects outcomes, and writes the report when the last case has run: a run of a few cases proves nothing. */
export class EvidenceRecorder {
  readonly #plan: EvidencePlan
  readonly #cases = new Map<string, CaseEvidence>()

  constructor(plan: EvidencePlan) {
    this.#plan = plan
  }

  async record<Subject>(each: Case<Subject>, result: { readonly failed: boolean; readonly waiver: Waiver | null }): Promise<void> {
    const { failed, waiver } = result
    const outcome = failed ? (waiver === null ? 'failed' : 'waived') : 'passed'
    const { reason, issue } = waiver ?? { reason: null, issue: null }
    this.#cases.set(each.name, { case: each.name, facet: each.facet ?? null, outcome, reason, issue })
    if (this.#plan.path === null || this.#cases.size < this.#plan.expected) return
    const cases = [...this.#cases.values()].sort((a, b) => (a.case < b.case ? -1 : 1))
    const evidence: Evidence = { suite: this.#plan.suite, facets: this.#plan.facets, cases }
    await writeFile(this.#plan.path, `${JSON.stringify(evidence, null, 2)}\n`)
  }
}
