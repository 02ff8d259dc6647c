/** What became of one test of the suite. */
export interface TestResult {
  readonly name: string
  readonly area: string
  readonly outcome: 'passed' | 'failed' | 'error' | 'skipped'
  readonly error: string
}

/** Failures that are known, by test, each with its reason. */
export type ExpectedFailures = Readonly<Record<string, string>>

/** A run held against the failures that were known. */
export interface Comparison {
  readonly passed: number
  readonly run: number
  /** Failed, and nobody knew. */
  readonly unexpected: readonly TestResult[]
  /** Known to fail, and pass now: the list must shrink. */
  readonly mended: readonly string[]
}

/** Holds a run against the known failures of the tests that were run. */
export function compareResults(results: readonly TestResult[], expected: ExpectedFailures): Comparison {
  const run = results.filter(({ outcome }) => outcome !== 'skipped')
  const failed = run.filter(({ outcome }) => outcome !== 'passed')
  const passed = new Set(run.filter(({ outcome }) => outcome === 'passed').map(({ name }) => name))
  return {
    passed: passed.size,
    run: run.length,
    unexpected: failed.filter(({ name }) => !Object.hasOwn(expected, name)),
    mended: Object.keys(expected).filter((name) => passed.has(name)),
  }
}

/** The table by area, in the order of `areas`. */
export function tableOf(results: readonly TestResult[], areas: readonly string[]): string {
  const rows = areas.map((area) => {
    const run = results.filter((result) => result.area === area && result.outcome !== 'skipped')
    return `| ${area} | ${run.filter(({ outcome }) => outcome === 'passed').length} | ${run.length} |`
  })
  return ['| area | passed | run |', '|---|--:|--:|', ...rows].join('\n')
}
