import type { Statistics } from '../administration/administration.ts'
import type { CliContext } from './cli-context.ts'
import { EXIT } from './cli-context.ts'
import { withAdministration } from './with-administration.ts'
import type { AdministeredStore } from './with-administration.ts'

/** What `stowage stat` was told. */
export interface StatOptions extends AdministeredStore {
  /** One line of JSON, as also where nobody is looking. */
  readonly json?: boolean
}

/** Says how much a directory holds, whether it is being served or not. */
export async function statCommand(options: StatOptions, context: CliContext): Promise<number> {
  const statistics = await withAdministration({ ...options, env: context.env }, (administration) => administration.stat())
  const readable = options.json !== true && context.stdout.isTTY === true
  context.stdout.write(readable ? sentences(statistics) : `${JSON.stringify(statistics)}\n`)
  return EXIT.ok
}

function sentences({ buckets, objects, versions, uploads, bytes }: Statistics): string {
  return [
    `Buckets           ${buckets}`,
    `Objects           ${objects}`,
    `Former versions   ${versions}`,
    `Open uploads      ${uploads}`,
    `Bytes             ${bytes}`,
    '',
  ].join('\n')
}
