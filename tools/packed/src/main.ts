import { inspect, parseArgs } from 'node:util'
import { runCommand } from '../../verify/src/run-command.ts'
import { randomFrom } from '../../verify/src/step.ts'
import { NotToBeHad } from './check.ts'
import type { PackedCase } from './check.ts'
import { CHECKS } from './checks.ts'
import { NODE_MAJORS } from './tool-versions.ts'
import { REPOSITORY, Workshop } from './workshop.ts'

/*
 * `npm run packed`: are the packages what we say they are once they are published? Builds, packs and installs them in an empty
 * folder, and uses them from there. `-- --only CHECK` (repeatable), `-- --node 22,24,26`, `-- --sample` for what CI runs: Node 24
 * and one other, drawn by `--seed N`, which is printed. What the network lacks is named; only what is there can fail.
 */
const { values } = parseArgs({
  options: {
    only: { type: 'string', multiple: true, default: [] },
    node: { type: 'string', default: NODE_MAJORS.join(',') },
    sample: { type: 'boolean', default: false },
    seed: { type: 'string', default: String(Date.now() % 1_000_000_007) },
  },
})
const unknown = values.only.filter((name) => !CHECKS.some((check) => check.name === name))
if (unknown.length > 0) throw new Error(`There is no check ${unknown.join(', ')}: there are ${CHECKS.map(({ name }) => name).join(', ')}.`)
const checks = CHECKS.filter(({ name }) => values.only.length === 0 || values.only.includes(name))
process.exitCode = await run(values.sample ? sampled(Number(values.seed)) : values.node.split(',').map(majorOf))

function sampled(seed: number): readonly number[] {
  const others = NODE_MAJORS.filter((major) => major !== 24)
  const majors = [24, ...others.slice(Math.floor(randomFrom(seed)() * others.length)).slice(0, 1)]
  console.log(`seed ${seed}: Node ${majors.join(' and ')}`)
  return majors
}

function majorOf(text: string): number {
  const major = Number(text)
  if (!NODE_MAJORS.includes(major)) throw new Error(`Not checked on Node ${text}: there are ${NODE_MAJORS.join(', ')}.`)
  return major
}

async function run(nodeMajors: readonly number[]): Promise<number> {
  const built = await runCommand('npm', ['run', 'build'], { cwd: REPOSITORY, timeoutMs: 300_000 })
  if (built.code !== 0) throw new Error(`The packages do not build: ${built.stdout}${built.stderr}`)
  const workshop = await Workshop.open(nodeMajors)
  try {
    const absent = new Set<string>()
    let passed = 0
    let total = 0
    for (const check of checks) {
      for (const each of check.cases(workshop)) {
        const outcome = await outcomeOf(each)
        console.log(`${check.name}: ${each.name}: ${outcome.text}`)
        if (outcome.absent !== undefined) absent.add(outcome.absent)
        else total += 1
        if (outcome.passed) passed += 1
      }
    }
    for (const what of absent) console.log(`not to be had here, and so not checked: ${what}`)
    console.log(`${passed} of ${total} packed checks pass`)
    return passed === total && total > 0 ? 0 : 1
  } finally {
    await workshop.close()
  }
}

interface Outcome {
  readonly passed: boolean
  readonly text: string
  readonly absent?: string
}

async function outcomeOf(each: PackedCase): Promise<Outcome> {
  const began = performance.now()
  try {
    await each.run()
    return { passed: true, text: `pass (${((performance.now() - began) / 1000).toFixed(1)} s)` }
  } catch (error) {
    if (error instanceof NotToBeHad) return { passed: false, text: error.message, absent: error.what }
    return { passed: false, text: `FAIL ${inspect(error)}` }
  }
}
