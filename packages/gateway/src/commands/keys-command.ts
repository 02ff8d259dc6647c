import { resolve } from 'node:path'
import type { CliContext } from './cli-context.ts'
import { EXIT } from './cli-context.ts'
import { readKeptCredentials } from '../stores/root-credentials.ts'

/** What `stowage keys` was told. */
export interface KeysOptions {
  /** The data directory, as given to `serve`; relative to the working directory. */
  readonly directory: string
  /** One line of JSON, as also where nobody is looking. */
  readonly json?: boolean
}

/** Shows the credentials that a directory keeps, whether it is being served or not. Throws where it keeps none. */
export async function keysCommand(options: KeysOptions, context: CliContext): Promise<number> {
  const directory = resolve(options.directory)
  const kept = await readKeptCredentials(directory)
  if (kept === null) {
    throw new Error(
      `${directory} keeps no credentials: 'stowage serve' makes some on its first start, unless they are given by environment.`,
    )
  }
  const readable = options.json !== true && context.stdout.isTTY === true
  context.stdout.write(readable ? `Access key   ${kept.accessKeyId}\nSecret key   ${kept.secretAccessKey}\n` : `${JSON.stringify(kept)}\n`)
  return EXIT.ok
}
