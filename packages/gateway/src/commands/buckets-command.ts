import type { BucketInfo } from '@stowage/core'
import type { CliContext } from './cli-context.ts'
import { EXIT } from './cli-context.ts'
import { withAdministration } from './with-administration.ts'
import type { AdministeredStore } from './with-administration.ts'

/** What `stowage buckets` was told. */
export interface BucketsOptions extends AdministeredStore {
  /** One line of JSON, as also where nobody is looking. */
  readonly json?: boolean
}

/** Lists every bucket of a directory, whosever it is, and whether the directory is being served or not. */
export async function bucketsCommand(options: BucketsOptions, context: CliContext): Promise<number> {
  const buckets = await withAdministration({ ...options, env: context.env }, (administration) => administration.buckets())
  const readable = options.json !== true && context.stdout.isTTY === true
  context.stdout.write(readable ? table(buckets) : `${JSON.stringify(buckets.map(shown))}\n`)
  return EXIT.ok
}

function shown({ name, account, createdAt, versioning }: BucketInfo): Readonly<Record<string, string>> {
  return { name, account, createdAt: createdAt.toISOString(), versioning }
}

function table(buckets: readonly BucketInfo[]): string {
  const rows = buckets.map(({ name, account, createdAt }) => [name, account, createdAt.toISOString()] as const)
  const width = (column: 0 | 1): number => Math.max(0, ...rows.map((row) => row[column].length))
  const [names, accounts] = [width(0), width(1)]
  return rows.map(([name, account, createdAt]) => `${name.padEnd(names)}   ${account.padEnd(accounts)}   ${createdAt}\n`).join('')
}
