import { collectAllGarbage } from '../collect-garbage.ts'
import type { EngineContext } from '../context.ts'
import type { Heartbeats } from '../heartbeats.ts'
import type { RecurringWork } from './recurring-job.ts'
import type { BackgroundRules } from './resolve-background.ts'

/** Blobs, and uploads, of one run of the collector; where there are more, another one follows at once. */
const ROUND_SIZE = 1_000

/** Everything that an engine with these rules does in the background. */
export function backgroundWorks(engine: EngineContext, heartbeats: Heartbeats, rules: BackgroundRules | null): readonly RecurringWork[] {
  if (rules === null) return []
  const run = async (signal: AbortSignal): Promise<Readonly<Record<string, number>>> => {
    // A machine that slept, or a clock that was set, must not make us take ourselves for dead.
    const prepare = (): Promise<void> => heartbeats.now()
    return { ...(await collectAllGarbage(engine, { roundSize: ROUND_SIZE, prepare, signal })) }
  }
  return [{ id: 'garbage', everySeconds: rules.garbageEverySeconds, run }]
}
