import { collectGarbage } from '../collect-garbage.ts'
import type { EngineContext } from '../context.ts'
import type { Heartbeats } from '../heartbeats.ts'
import type { RecurringWork } from './recurring-job.ts'
import type { BackgroundRules } from './resolve-background.ts'

/** Blobs, and uploads, of one run of the collector; where there are more, another one follows at once. */
const ROUND_SIZE = 1_000

/** Everything that an engine with these rules does in the background. */
export function backgroundWorks(engine: EngineContext, heartbeats: Heartbeats, rules: BackgroundRules | null): readonly RecurringWork[] {
  if (rules === null) return []
  return [{ id: 'garbage', everySeconds: rules.garbageEverySeconds, run: (signal) => collectAll(engine, heartbeats, signal) }]
}

async function collectAll(engine: EngineContext, heartbeats: Heartbeats, signal: AbortSignal): Promise<Readonly<Record<string, number>>> {
  const sum = { blobs: 0, uploads: 0 }
  for (;;) {
    // A machine that slept, or a clock that was set, must not make us take ourselves for dead.
    await heartbeats.now()
    const { blobs, uploads } = await collectGarbage(engine, { limit: ROUND_SIZE, signal })
    sum.blobs += blobs
    sum.uploads += uploads
    if (blobs < ROUND_SIZE && uploads < ROUND_SIZE) return sum
  }
}
