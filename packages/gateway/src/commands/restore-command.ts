import { resolve } from 'node:path'
import { restore } from '../administration/backups/restore.ts'
import type { RestoreStep } from '../administration/backups/restore.ts'
import type { Restored } from '../administration/backups/restore-note.ts'
import { IN_DIRECTORY, parseBackendLocation } from '../stores/backend-location.ts'
import { parseMetadataLocation } from '../stores/metadata-location.ts'
import type { PostgresLocation } from '../stores/metadata-location.ts'
import { metadataFromEnvironment } from '../stores/stores.ts'
import type { CliContext } from './cli-context.ts'
import { EXIT } from './cli-context.ts'
import { progressBar } from './progress-bar.ts'
import { untilSignal } from './until-signal.ts'
import type { AdministeredStore } from './with-administration.ts'

/** What `stowage restore` was told: `directory`, `metadata` and `schema` as `serve` will be. */
export interface RestoreCommandOptions extends AdministeredStore {
  /** The directory of the backup; relative to the working directory. */
  readonly from: string
  /** Where the bytes go, as `--backend` of `serve`. Default: the directory. */
  readonly backend?: string
  /** How many blobs at once. Default: the engine's. */
  readonly concurrency?: number
  /** One line of JSON, as also where nobody is looking. */
  readonly json?: boolean
}

/** Makes a data directory of a backup: 0 when all is as it was, 1 where something had been lost before. */
export async function restoreCommand(options: RestoreCommandOptions, context: CliContext): Promise<number> {
  const directory = resolve(options.directory)
  const request = {
    from: resolve(options.from),
    directory,
    metadata: await locate(options.metadata ?? metadataFromEnvironment(context.env), options.schema),
    backend: options.backend === undefined ? IN_DIRECTORY : parseBackendLocation(options.backend, directory),
    concurrency: options.concurrency ?? null,
  }
  const signal = untilSignal(context.process)
  const stop = new AbortController()
  void signal.received.then(() => stop.abort(new Error('Stopped. The same command goes on from here.')))
  const bar = progressBar(context.stderr, () => performance.now())
  const onProgress = ({ phase, done, total }: RestoreStep): void => bar.update(done, total, LABELS[phase])
  const restored = await restore(request, { onProgress, signal: stop.signal }).finally(() => {
    bar.end()
    signal.forget()
  })
  const readable = options.json !== true && context.stdout.isTTY === true
  context.stdout.write(readable ? sentences(restored, directory) : `${JSON.stringify({ to: directory, ...restored })}\n`)
  return restored.damage > 0 ? EXIT.damage : EXIT.ok
}

const LABELS: Readonly<Record<RestoreStep['phase'], string>> = {
  look: 'rows held against their digests',
  blobs: 'bytes copied',
  bytes: 'bytes held against their checksums',
  rows: 'rows copied into Postgres',
}

async function locate(metadata: string | undefined, schema: string | undefined): Promise<PostgresLocation | null> {
  if (metadata === undefined) {
    if (schema !== undefined) throw new Error('--schema goes with --metadata: it names a schema of that database.')
    return null
  }
  const location = await parseMetadataLocation(metadata, schema ?? null)
  if (location.kind !== 'postgres') throw new Error('--metadata is a URL that begins with postgres://.')
  return location
}

function sentences({ takenAt, rows, blobs, bytes, damage, keys }: Restored, directory: string): string {
  return [
    `${directory} has the state of ${takenAt} again: ${rows} rows, ${blobs} blobs, ${bytes} bytes, all of them verified.`,
    ...(keys ? [] : ['The backup has no keys: without the former master key, what is sealed under it cannot be opened.']),
    ...(damage === 0 ? [] : [`${damage} things had been lost before it was backed up: 'stowage fsck' says which.`]),
    '',
  ].join('\n')
}
