import type { Bench } from '../bench.ts'
import { completeScenario } from './complete.ts'
import { largeObjectsScenario } from './large-objects.ts'
import { listScenario } from './list.ts'
import { memoryScenario } from './memory.ts'
import { smallObjectsScenario } from './small-objects.ts'

/** Rows that share servers and data. */
export interface Scenario {
  readonly name: string
  readonly run: (bench: Bench) => Promise<void>
}

/** All of them, in the order in which they run. */
export const SCENARIOS: readonly Scenario[] = [
  { name: 'small', run: smallObjectsScenario },
  { name: 'large', run: largeObjectsScenario },
  { name: 'list', run: listScenario },
  { name: 'complete', run: completeScenario },
  { name: 'memory', run: memoryScenario },
]
