import { resolve } from 'node:path'
import { fsck } from '@stowage/core'
import { storesIn } from './assemble.ts'
import type { CliContext } from './cli-context.ts'
import { EXIT } from './cli-context.ts'
import { progressBar } from './progress-bar.ts'

/** What `stowage fsck` was told. */
export interface FsckCommandOptions {
  readonly directory: string
  readonly deep?: boolean
  readonly json?: boolean
}

/** Checks a directory that nobody serves. Exit code 0 when all agrees, 1 on damage; a directory that cannot be read throws. */
export async function fsckCommand(options: FsckCommandOptions, context: CliContext): Promise<number> {
  const bar = progressBar(context.stderr, () => performance.now())
  const { metadata, backend } = storesIn(resolve(options.directory))
  const report = await fsck({
    metadata,
    backends: { main: backend },
    deep: options.deep ?? false,
    onProgress: ({ done, total, phase }) => bar.update(done, total, phase),
  }).finally(() => bar.end())
  context.stdout.write(`${JSON.stringify(report)}\n`)
  return EXIT.ok
}
