import type { Bench, Measured, Served } from '../bench.ts'
import { measureEngine, measureServed } from '../bench.ts'
import type { LoadRun } from '../load/load-plan.ts'
import { residentMemory } from '../processes/process-usage.ts'
import type { Sample, Subject } from '../report/results.ts'

const SIZE = 64 * 1024 * 1024
const STREAMS = 32

/** 32 uploads of 64 MiB at once, on servers that have done nothing but one upload before: two gigabytes, so not many rounds. */
export async function memoryScenario(bench: Bench): Promise<void> {
  const streams = bench.options.scale < 1 ? 8 : STREAMS
  const discard = await bench.ceiling('discard')
  const lanes: Measured[] = [lane('discard', discard, { streams, run: (run) => measureServed(bench, discard, run) })]
  for (const database of bench.options.databases) {
    const served = await bench.store(database)
    lanes.push(lane(`s3/${database}`, served, { streams, run: (run) => measureServed(bench, served, run) }))
    const direct = await bench.store(database)
    lanes.push(lane(`engine/${database}`, direct, { streams, run: (run) => measureEngine(direct, run) }))
  }
  await bench.interleave(lanes, Math.min(2, bench.options.rounds))
}

interface Uploading {
  readonly streams: number
  readonly run: (run: LoadRun) => ReturnType<typeof measureServed>
}

function lane(subject: Subject, { pid }: Served, { streams, run }: Uploading): Measured {
  let before = NaN
  const measure = async ({ number }: { readonly number: number }): Promise<Sample> => {
    const count = number === 0 ? 1 : streams
    const plan = { kind: 'put', keys: { bucket: 'bench', prefix: `round-${number}-` }, size: SIZE, distinct: count, count } as const
    const { sample } = await run({ plan, concurrency: count, secondsMax: 600 })
    // Once, behind the first upload: what the uploads of one round leave behind must not make those of the next look cheap.
    if (number === 0) before = residentMemory(pid).now
    return { ...sample, rssMibPerStream: ((sample.peakRssMib ?? NaN) - before) / count }
  }
  return { row: 'memory-32', subject, measure }
}
