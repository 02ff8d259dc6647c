import { Worker } from 'node:worker_threads'
import type { WorkerOptions } from 'node:worker_threads'

/**
 * Where the code of a worker thread comes from. Default: the file that lies beside ours, in source, in `dist` and in an
 * installed package alike. A bundle leaves that file behind, so whoever bundles puts the workers, which are entry points of
 * `@stowage/core` (`docs/how-to/bundle.md`), beside the bundle under their names, or gives one of these:
 *
 * - a URL of the worker's file, wherever the bundle puts it;
 * - a factory, for bundlers that recognise `new Worker(new URL('…', import.meta.url), options)` in the user's own code.
 *   It must pass the options on: they carry what the worker needs to know;
 * - `'inline'`: no thread, the work is done on the caller's.
 */
export type WorkerSource = URL | ((options: WorkerOptions) => Worker) | 'inline'

/** Whether this file runs as TypeScript; then the workers beside us do too. */
const FROM_SOURCE = import.meta.url.endsWith('.ts')

/**
 * Starts a worker, or returns null where the source says `'inline'`.
 *
 * `file` names the built worker, literally as `new URL('./x.js', import.meta.url)`: tools that trace files follow that
 * form, and TypeScript does not rewrite extensions inside it. From source, the `.ts` file of the same name is started.
 * A file that is missing or broken shows as the worker's `error` event, not as a throw.
 */
export function startWorker(source: WorkerSource | undefined, file: URL, options: WorkerOptions = {}): Worker | null {
  if (source === 'inline') return null
  // The command line's flags are not for us: `--input-type`, with which scripts are piped in, would stop every worker.
  const own = { execArgv: [], ...options }
  if (typeof source === 'function') return source(own)
  return new Worker(source ?? (FROM_SOURCE ? new URL(file.href.replace(/\.js$/, '.ts')) : file), own)
}
