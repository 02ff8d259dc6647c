import { parseArgs } from 'node:util'
import { outcomeOf, readRevision, writeReport } from './report.ts'
import type { ReportedStep } from './report.ts'
import type { StepContext, VerifyStep } from './step.ts'
import { STEPS } from './steps.ts'

/*
 * `npm run verify`: the long proofs, before an issue is resolved. `-- --only NAME` (repeatable), `-- --sample` for what CI
 * runs, `-- --seed N` to repeat a run. Writes docs/evidence; ends with a line that counts steps. In CI an absent step fails
 * only where its needs were asked for by `--require NAME`.
 */
const { values } = parseArgs({
  options: {
    only: { type: 'string', multiple: true, default: [] },
    require: { type: 'string', multiple: true, default: [] },
    sample: { type: 'boolean', default: false },
    seed: { type: 'string', default: String(Date.now() % 1_000_000_007) },
    'no-report': { type: 'boolean', default: false },
  },
})
const unknown = [...values.only, ...values.require].filter((name) => !STEPS.some((step) => step.name === name))
if (unknown.length > 0) throw new Error(`There is no step ${unknown.join(', ')}: there are ${STEPS.map(({ name }) => name).join(', ')}.`)
const seed = Number(values.seed)
console.log(`seed ${seed}`)
// Taken now: the work tree may have moved on when the last step is done.
const revision = await readRevision()
const steps = STEPS.filter((step) => values.only.length === 0 || values.only.includes(step.name))
const reported: ReportedStep[] = []
for (const step of steps) reported.push(await runStep(step))
if (!values['no-report']) console.log(await writeReport(reported, { revision, seed, sample: values.sample, date: new Date() }))
const failed = reported.filter(({ step, absent, result }) =>
  absent.length > 0 ? values.require.includes(step.name) : result?.failures.length !== 0,
)
const passed = reported.filter(({ absent, result }) => absent.length === 0 && result?.failures.length === 0)
console.log(`${passed.length} steps passed, ${failed.length} steps failed`)
process.exitCode = failed.length === 0 && passed.length > 0 ? 0 : 1

async function runStep(step: VerifyStep): Promise<ReportedStep> {
  const absent: string[] = []
  for (const need of step.needs) if (!(await need.isMet())) absent.push(need.name)
  const began = performance.now()
  const context: StepContext = { seed, sample: values.sample, log: (line) => console.log(`  ${step.name}: ${line}`) }
  let result: ReportedStep['result'] = null
  if (absent.length === 0) {
    try {
      result = await step.run(context)
    } catch (error) {
      result = {
        cases: 0,
        failures: [`the step itself broke: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`],
        notes: [],
      }
    }
  }
  const done = { step, absent, result, seconds: (performance.now() - began) / 1000 }
  console.log(`${step.name}: ${outcomeOf(done)} (${result?.cases ?? 0} cases, ${Math.round(done.seconds)} s)`)
  for (const line of [...(result?.notes ?? []), ...(result?.failures ?? [])].slice(0, 12)) console.log(`  ${line}`)
  return done
}
