import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { toSvg } from './chart.ts'
import { toMarkdown } from './markdown.ts'
import type { Report } from './markdown.ts'
import { middle, ROWS } from './results.ts'
import type { Lane, Metric, Sample } from './results.ts'

/** Writes `report.md`, `results.json` and `chart.svg` into the directory, which is made. */
export async function writeReport(report: Report, directory: string): Promise<void> {
  await mkdir(directory, { recursive: true })
  const { results, micro, ...rest } = report
  const document = {
    ...rest,
    rows: ROWS,
    lanes: results.lanes.map((lane) => ({ ...lane, samples: lane.samples.map(rounded), medians: medians(lane) })),
    micro,
  }
  await writeFile(join(directory, 'results.json'), `${JSON.stringify(document, null, 2)}\n`)
  await writeFile(join(directory, 'report.md'), `${toMarkdown(report)}\n`)
  await writeFile(join(directory, 'chart.svg'), await toSvg(results, report.verdicts))
}

function medians(lane: Lane): Sample {
  const metrics = new Set(lane.samples.flatMap((sample) => Object.keys(sample) as Metric[]))
  return rounded(Object.fromEntries([...metrics].map((metric) => [metric, middle(lane, metric) ?? NaN])))
}

/** Four digits say more than a machine keeps. */
function rounded(sample: Sample): Sample {
  return Object.fromEntries(Object.entries(sample).map(([metric, value]) => [metric, Number(value.toPrecision(4))]))
}
