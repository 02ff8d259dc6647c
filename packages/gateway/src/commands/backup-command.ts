import { resolve } from 'node:path'
import type { BackedUp, BackupStep } from '../administration/backups/back-up.ts'
import type { CliContext } from './cli-context.ts'
import { EXIT } from './cli-context.ts'
import { findingSentence } from './finding-sentence.ts'
import { progressBar } from './progress-bar.ts'
import { untilSignal } from './until-signal.ts'
import { withAdministration } from './with-administration.ts'
import type { AdministeredStore } from './with-administration.ts'

/** What `stowage backup` was told. */
export interface BackupCommandOptions extends AdministeredStore {
  /** The directory of the backup; relative to the working directory. */
  readonly to: string
  /** Puts the master key and the first credentials beside it. */
  readonly withKeys?: boolean
  /** How many blobs at once. Default: the engine's. */
  readonly concurrency?: number
  /** One line of JSON, as also where nobody is looking. */
  readonly json?: boolean
}

/** Backs a directory up, whether it is being served or not: 0 when all is there, 1 where the store had lost something before. */
export async function backupCommand(options: BackupCommandOptions, context: CliContext): Promise<number> {
  const request = { to: resolve(options.to), keys: options.withKeys ?? false, concurrency: options.concurrency ?? null }
  const signal = untilSignal(context.process)
  const stop = new AbortController()
  void signal.received.then(() => stop.abort(new Error('Stopped. The next backup does not copy again what is there.')))
  const bar = progressBar(context.stderr, () => performance.now())
  const onProgress = (step: BackupStep): void => show(bar.update, step)
  const done = await withAdministration({ ...options, env: context.env }, (administration) =>
    administration.backUp(request, { onProgress, signal: stop.signal }),
  ).finally(() => {
    bar.end()
    signal.forget()
  })
  const readable = options.json !== true && context.stdout.isTTY === true
  context.stdout.write(readable ? sentences(done, request.to) : `${JSON.stringify({ to: request.to, ...done })}\n`)
  return done.missing > 0 || done.damage > 0 ? EXIT.damage : EXIT.ok
}

function show(
  update: (done: number, total: number, label: string) => void,
  { phase, done, total, bytesDone, bytesTotal }: BackupStep,
): void {
  if (phase === 'rows') update(done, total, `${done} of ${total} rows`)
  else update(bytesDone, bytesTotal, phase === 'blobs' ? `${done} of ${total} blobs` : 'held against checksums')
}

function sentences(done: BackedUp, to: string): string {
  const { takenAt, rows, blobs, bytes, missing, keys, copied, removed, damage, findings } = done
  return [
    `The state of ${takenAt} is in ${to}: ${rows} rows, ${blobs} blobs, ${bytes} bytes.`,
    `${copied.blobs} blobs were new, ${removed} old ones went.`,
    keys ? 'The keys of the directory are in it: keep it as you keep them.' : 'The master key is not in it: keep that elsewhere.',
    ...(missing === 0 ? [] : [`${missing} blobs that rows name were not there: 'stowage fsck' says whose they are.`]),
    ...(damage === 0 ? [] : [`${damage} things had been lost or damaged before, and are so in the backup:`]),
    ...findings.map((finding) => `  ${findingSentence(finding)}`),
    ...(damage > findings.length ? [`  … and ${damage - findings.length} more`] : []),
    '',
  ].join('\n')
}
