import type { Command } from 'commander'
import type { CredentialCommandOptions } from './credentials-command.ts'
import type { StoredKeysParts } from './stored-keys-commands.ts'

interface ResealFlags extends Omit<CredentialCommandOptions, 'directory'> {
  readonly newMasterKey?: boolean
}

/** Adds `stowage credentials reseal`. */
export function addSealing(program: Command, { administers, run }: StoredKeysParts): void {
  const credentials = program.command('credentials').description('What the secrets of stored keys, projects and tokens are sealed under.')
  administers(
    credentials.command('reseal').description('Seal every stored secret under the newest master key. No key changes, and nothing ends.'),
  )
    .option('--new-master-key', 'make a new one first, in the file of the directory')
    .option('--json', 'print the outcome as JSON')
    .action(async (directory: string, { newMasterKey = false, ...flags }: ResealFlags) => {
      const { credentialsCommand } = await import('./credentials-command.ts')
      await run((context) => credentialsCommand({ do: 'reseal', newMasterKey }, { ...flags, directory }, context))
    })
}
