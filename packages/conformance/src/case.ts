import assert from 'node:assert/strict'
import { EvidenceRecorder } from './evidence.ts'

/** One thing that must hold, as data: nothing here knows a test runner. */
export interface Case<Subject> {
  /** A sentence about what is tested; names a case in waivers and evidence, so it is unique in its suite. */
  readonly name: string
  /** The optional power that the case is about; it runs where that power is claimed. */
  readonly facet?: string
  /** Rejects where the subject falls short. The subject is fresh, empty and ready, and closed afterwards. */
  run(subject: Subject): Promise<void>
}

/** All cases of one contract, and how a subject of it is handled. */
export interface Suite<Subject> {
  /** The contract's name, for evidence. */
  readonly name: string
  readonly cases: readonly Case<Subject>[]
  /** The optional powers that this subject has. */
  facetsOf(subject: Subject): readonly string[]
  /** Makes a subject ready: called once, before its case. */
  start(subject: Subject): Promise<void>
  /** Frees what the subject took: called once, after its case. */
  stop(subject: Subject): Promise<void>
}

/** A case that is known to fail, and why that is accepted for now. */
export interface Waiver {
  /** The case's exact name. */
  readonly case: string
  readonly reason: string
  /** Where the shortcoming is tracked. */
  readonly issue: string
}

/** Options of `runCases`. */
export interface RunCasesOptions<Subject> {
  /** Makes a fresh, empty subject; called once a case. */
  open(): Promise<Subject>
  /** The optional powers it claims: asserted equal to those it has. Default: none. */
  readonly facets?: readonly string[]
  /** A waiver of an unknown case fails, and so does one whose case passes. Default: none. */
  readonly waive?: readonly Waiver[]
  /** Where to write the report (JSON) when every case has run. Default: nowhere. */
  readonly evidence?: string
}

/** What every test runner has: vitest's and node:test's `test` both fit. */
export type TestFunction = (name: string, run: () => Promise<void>) => unknown

/**
 * Registers every case of a suite with a test runner, one test a case, and tests of the claims themselves. Cases of
 * powers that are not claimed are left out; nothing else ever is, and nothing is skipped.
 */
export function runCases<Subject>(test: TestFunction, suite: Suite<Subject>, options: RunCasesOptions<Subject>): void {
  const facets = [...(options.facets ?? [])].sort()
  const waivers = new Map((options.waive ?? []).map((waiver) => [waiver.case, waiver]))
  const cases = suite.cases.filter((each) => each.facet === undefined || facets.includes(each.facet))
  const recorder = new EvidenceRecorder({ suite: suite.name, facets, expected: cases.length, path: options.evidence ?? null })

  test('the facets it claims are the facets it has', () =>
    withSubject(suite, options, async (subject) => {
      assert.deepEqual([...suite.facetsOf(subject)].sort(), facets)
    }))
  test('every waiver names a case that runs, with a reason and an issue', async () => {
    const names = new Set(cases.map((each) => each.name))
    for (const waiver of waivers.values()) {
      assert.ok(names.has(waiver.case), `no case that runs here is called ${JSON.stringify(waiver.case)}`)
      assert.ok(waiver.reason !== '' && waiver.issue !== '', `the waiver of ${JSON.stringify(waiver.case)} gives a reason and an issue`)
    }
  })
  for (const each of cases) {
    const waiver = waivers.get(each.name) ?? null
    test(each.name, async () => {
      let failure: { readonly error: unknown } | null = null
      try {
        await withSubject(suite, options, (subject) => each.run(subject))
      } catch (error) {
        failure = { error }
      }
      await recorder.record(each, { failed: failure !== null, waiver })
      if (waiver === null && failure !== null) throw failure.error
      if (waiver !== null) assert.ok(failure !== null, `the waived case passes; take the waiver away: ${waiver.reason}`)
    })
  }
}

async function withSubject<Subject>(
  suite: Suite<Subject>,
  options: RunCasesOptions<Subject>,
  run: (subject: Subject) => Promise<void>,
): Promise<void> {
  const subject = await options.open()
  try {
    await suite.start(subject)
    await run(subject)
  } finally {
    await suite.stop(subject)
  }
}
