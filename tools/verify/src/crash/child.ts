import { writeSync } from 'node:fs'
import { BUCKET, bytesOf, scenarios } from './scenarios.ts'
import { openEngineIn, OWNER } from './stores.ts'

/*
 * Runs in a process of its own, to be killed: `child.ts DIRECTORY SCENARIO [prepare]`. Says `ACK` on a line when a step is
 * acknowledged, in one system call, so that the parent knows of it whatever happens next.
 */
const [directory = '', name = '', mode = 'run', mutant = '{}'] = process.argv.slice(2)
const scenario = scenarios().find((one) => one.name === name)
if (scenario === undefined) throw new Error(`There is no scenario ${name}.`)
const engine = await openEngineIn(directory, { mutant: JSON.parse(mutant) })
const session = engine.as(OWNER)
if (mode === 'prepare') {
  await session.createBucket({ bucket: BUCKET })
  for (const [key, label] of Object.entries(scenario.before)) await session.putObject({ bucket: BUCKET, key, body: bytesOf(label) })
} else {
  writeSync(1, 'BEGIN\n')
  // Until a tracer is attached.
  if (mode === 'wait') await new Promise((resolve) => process.stdin.once('data', resolve))
  for (const step of scenario.steps) {
    await step.run(session)
    writeSync(1, 'ACK\n')
  }
}
if (mode === 'hang') await new Promise((resolve) => setTimeout(resolve, 60_000))
await engine.close()
