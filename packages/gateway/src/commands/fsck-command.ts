import type { FsckReport, FsckStep } from '@stowage/core'
import type { CliContext } from './cli-context.ts'
import { EXIT } from './cli-context.ts'
import { findingSentence } from './finding-sentence.ts'
import { progressBar } from './progress-bar.ts'
import { withAdministration } from './with-administration.ts'
import type { AdministeredStore } from './with-administration.ts'

/** What `stowage fsck` was told. */
export interface FsckCommandOptions extends AdministeredStore {
  /** Reads every byte and holds it against its checksum. */
  readonly deep?: boolean
  /** One line of JSON, as also where nobody is looking. */
  readonly json?: boolean
}

/** Checks a directory, whether it is being served or not: 0 when all agrees, 1 where it does not; a directory that cannot be read throws. */
export async function fsckCommand(options: FsckCommandOptions, context: CliContext): Promise<number> {
  const bar = progressBar(context.stderr, () => performance.now())
  const onProgress = (step: FsckStep): void => showProgress(bar.update, step)
  const report = await withAdministration({ ...options, env: context.env }, (administration) =>
    administration.fsck({ deep: options.deep ?? false, onProgress }),
  ).finally(() => bar.end())
  const readable = options.json !== true && context.stdout.isTTY === true
  context.stdout.write(readable ? sentences(report) : `${JSON.stringify({ ok: isClean(report), ...report })}\n`)
  return isClean(report) ? EXIT.ok : EXIT.damage
}

function isClean(report: FsckReport): boolean {
  return report.damage === 0 && report.garbage === 0
}

function showProgress(update: (done: number, total: number, label: string) => void, step: FsckStep): void {
  if (step.phase === 'bytes') update(step.bytesDone, step.bytesTotal, `bytes: ${Math.round(step.bytesDone / 1024 ** 2)} MiB`)
  else update(step.done, Math.max(step.total ?? step.done, step.done), `${step.phase}: ${step.done}`)
}

function sentences(report: FsckReport): string {
  const { manifests, blobs, bytes } = report.checked
  const looked = `Looked at ${manifests} objects and parts, ${blobs} blobs${bytes === 0 ? '' : `, ${bytes} bytes`}.`
  const found = report.findings.map((finding) => `${finding.severity}: ${findingSentence(finding)}`)
  const total = Object.values(report.counts).reduce((sum, count) => sum + count, 0)
  const rest = total > report.findings.length ? [`… and ${total - report.findings.length} more`] : []
  const verdict = isClean(report) ? 'Metadata and blobs agree.' : `${report.damage} damaged, ${report.garbage} leaked.`
  return `${[...found, ...rest, looked, verdict].join('\n')}\n`
}
