import type { Command } from 'commander'
import type { ChangeKeyOptions, CreateKeyOptions, ListKeysOptions } from './access-keys-command.ts'
import { parseJsonObject, parseScope, parseTime } from './parse-flag.ts'
import type { Run } from './cli-context.ts'

/** What the sub-commands share with other commands. */
export interface StoredKeysParts {
  /** Adds the directory and the options that say which store is meant. */
  readonly administers: (command: Command) => Command
  readonly run: Run
}

const CHANGES = {
  rotate: 'Give a key a new secret. The former one is refused at once.',
  disable: 'Refuse a key, and those made from it, until it is enabled again.',
  enable: 'Take a disabled key again.',
  revoke: 'Delete a key for good.',
} as const

/** Adds `stowage keys create`, `list`, `rotate`, `disable`, `enable` and `revoke`. */
export function addStoredKeys(keys: Command, { administers, run }: StoredKeysParts): void {
  administers(keys.command('create').description('Make a stored key, and show its secret this once.'))
    .option('--account <id>', 'whose key it is (default: root)')
    .option('--parent <key>', 'make it from another key: it can do no more than that one, and ends with it')
    .option('--role <name>', 'act in this role, bound by row-level security (default: as the account itself)')
    .option('--sub <sub>', 'and for this user')
    .option('--claims <json>', 'of whom policies may read this', parseJsonObject)
    .option('--description <text>', 'what it is for')
    .option(
      '--scope <json>',
      'what it may do at most: {"buckets":[{"jurisdiction":"default","name":"photos"}],"prefixes":["in/"]}',
      parseScope,
    )
    .option('--expires <time>', 'when it is refused from: 2030-01-31T12:00:00Z', parseTime)
    .option('--json', 'print it as JSON')
    .action(async (directory: string, flags: Omit<CreateKeyOptions, 'directory'>) => {
      const { createKeyCommand } = await import('./access-keys-command.ts')
      await run((context) => createKeyCommand({ ...flags, directory }, context))
    })
  administers(keys.command('list').description('List stored keys, without secrets.'))
    .option('--account <id>', 'only those of this account')
    .option('--json', 'print them as JSON')
    .action(async (directory: string, flags: Omit<ListKeysOptions, 'directory'>) => {
      const { listKeysCommand } = await import('./access-keys-command.ts')
      await run((context) => listKeysCommand({ ...flags, directory }, context))
    })
  for (const what of ['rotate', 'disable', 'enable', 'revoke'] as const) {
    administers(keys.command(what).description(CHANGES[what]).argument('<key>', 'the access key id'))
      .option('--json', 'print the outcome as JSON')
      .action(async (id: string, directory: string, flags: Omit<ChangeKeyOptions, 'directory' | 'id'>) => {
        const { changeKeyCommand } = await import('./access-keys-command.ts')
        await run((context) => changeKeyCommand(what, { ...flags, id, directory }, context))
      })
  }
}
