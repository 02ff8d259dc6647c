import { mkdir, writeFile } from 'node:fs/promises'
import { cpus, release, totalmem } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runCommand } from './run-command.ts'
import type { StepResult, VerifyStep } from './step.ts'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
const EVIDENCE = fileURLToPath(new URL('../../../docs/evidence', import.meta.url))

/** How one step went; `absent` names the needs that were not met. */
export interface ReportedStep {
  readonly step: VerifyStep
  readonly absent: readonly string[]
  readonly result: StepResult | null
  readonly seconds: number
}

/** What a run speaks of. */
export interface Revision {
  readonly commit: string
  readonly changed: boolean
}

/** The commit of the work tree, and whether it has been changed since. */
export async function readRevision(): Promise<Revision> {
  const commit = (await runCommand('git', ['rev-parse', '--short', 'HEAD'])).stdout.trim()
  const changed = (await runCommand('git', ['status', '--porcelain', '--untracked-files=no'])).stdout.trim()
  return { commit, changed: changed !== '' }
}

/** Writes the report under docs/evidence, with the commit that it speaks of, and gives back its name. */
export async function writeReport(
  steps: readonly ReportedStep[],
  facts: { readonly revision: Revision; readonly seed: number; readonly sample: boolean; readonly date: Date },
): Promise<string> {
  const { commit, changed } = facts.revision
  const lines = [
    '# What `npm run verify` found',
    '',
    `Commit ${commit}${changed ? ', with uncommitted changes' : ''}, ${facts.date.toISOString().slice(0, 10)}, seed ${facts.seed}${facts.sample ? ', a sample only' : ''}.`,
    `Machine: ${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, ${Math.round(totalmem() / 1024 ** 3)} GiB, Linux ${release()}, Node ${process.version}.`,
    '',
    '| step | outcome | cases | seconds | claim |',
    '|---|---|--:|--:|---|',
    ...steps.map(row),
    '',
    ...steps.flatMap(details),
  ]
  await mkdir(EVIDENCE, { recursive: true })
  const name = `verify-${facts.date.toISOString().slice(0, 10)}-${commit}${facts.sample ? '-sample' : ''}.md`
  // Stack traces name files of this machine; where the checkout lies is nobody's business.
  const text = lines.join('\n').replaceAll(`file://${ROOT}`, '').replaceAll(ROOT, '')
  await writeFile(join(EVIDENCE, name), `${text.trimEnd()}\n`)
  return `docs/evidence/${name}`
}

/** Passed, failed, or absent with what is missing: never a green skip. */
export function outcomeOf({ absent, result }: ReportedStep): string {
  if (absent.length > 0) return `absent: needs ${absent.join(', ')}`
  return result !== null && result.failures.length === 0 ? 'passed' : '**failed**'
}

function row(reported: ReportedStep): string {
  const { step, result, seconds } = reported
  return `| ${step.name} | ${outcomeOf(reported)} | ${result?.cases ?? 0} | ${Math.round(seconds)} | ${step.claim} |`
}

function details({ step, result }: ReportedStep): readonly string[] {
  if (result === null || (result.notes.length === 0 && result.failures.length === 0)) return []
  return [
    `## ${step.name}`,
    '',
    ...result.notes.map((note) => `- ${note}`),
    ...result.failures.slice(0, 50).map((failure) => `- **failed**: ${failure.replaceAll('\n', ' ')}`),
    '',
  ]
}
