import { fileURLToPath } from 'node:url'
import { runCommand } from './run-command.ts'
import type { StepResult, VerifyStep } from './step.ts'

const MAIN = fileURLToPath(new URL('../../differential/src/main.ts', import.meta.url))
const HOUR_MS = 3_600_000
const DECISIONS = { sample: 20_000, whole: 200_000 } as const

/** Our decisions against those of real row-level security. */
export const differential: VerifyStep = {
  name: 'differential',
  claim:
    'Over random policies, callers and rows: the evaluator, both compilers and the combiner decide as row-level security of a real Postgres.',
  needs: [],
  run: async ({ sample, seed }): Promise<StepResult> => {
    const decisions = String(sample ? DECISIONS.sample : DECISIONS.whole)
    const args = ['-C', '@stowage/source', MAIN, '--decisions', decisions, '--seed', String(seed)]
    const { code, stdout, stderr } = await runCommand(process.execPath, args, { timeoutMs: HOUR_MS })
    const lines = stdout.trim().split('\n')
    const cases = Number(/^(\d+) decisions, \d+ mismatches$/.exec(lines.at(-1) ?? '')?.[1] ?? 0)
    const failures = lines.filter((line) => /^(?:mismatch|not met|no USING)/.test(line))
    if (code !== 0 && failures.length === 0) failures.push(stderr.slice(-2000))
    return { cases, failures, notes: lines.slice(-4) }
  },
}
