import { resolve } from 'node:path'
import type { CopiedBlobs } from '@stowage/core/backend'
import { formatBackendLocation, parseBackendLocation } from '../stores/backend-location.ts'
import type { CliContext } from './cli-context.ts'
import { EXIT } from './cli-context.ts'
import { progressBar } from './progress-bar.ts'
import { withAdministration } from './with-administration.ts'
import type { AdministeredStore } from './with-administration.ts'

/** What `stowage copy-backend` was told. */
export interface CopyBackendCommandOptions extends AdministeredStore {
  /** Where to, as `--backend` of `serve`. */
  readonly to: string
  /** Where the bytes must be now. Default: wherever they are. */
  readonly from?: string
  /** How many blobs at once. Default: the engine's. */
  readonly concurrency?: number
  /** One line of JSON, as also where nobody is looking. */
  readonly json?: boolean
}

/** Brings the bytes of a directory to another backend, whether it is being served or not. */
export async function copyBackendCommand(options: CopyBackendCommandOptions, context: CliContext): Promise<number> {
  const canonical = (text: string): string => formatBackendLocation(parseBackendLocation(text, resolve(options.directory)))
  // Read here, where relative paths mean what they say.
  const request = {
    to: canonical(options.to),
    from: options.from === undefined ? null : canonical(options.from),
    concurrency: options.concurrency ?? null,
  }
  const bar = progressBar(context.stderr, () => performance.now())
  const copied = await withAdministration({ ...options, env: context.env }, (administration) =>
    administration.copyBackend(request, {
      onProgress: ({ blobs, bytes, total }) => bar.update(bytes, total.bytes, `${blobs} of ${total.blobs} blobs`),
    }),
  ).finally(() => bar.end())
  const readable = options.json !== true && context.stdout.isTTY === true
  context.stdout.write(readable ? sentence(copied, request.to) : `${JSON.stringify({ to: request.to, ...copied })}\n`)
  return EXIT.ok
}

function sentence({ blobs, bytes, present }: CopiedBlobs, to: string): string {
  const there = present === 0 ? '' : `, ${present} were there already`
  return `Copied ${blobs} blobs, ${bytes} bytes, to ${to}${there}. The bytes are there now; the former place keeps its copy.\n`
}
