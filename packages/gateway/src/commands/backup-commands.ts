import type { Command } from 'commander'
import type { Run } from './cli-context.ts'
import type { BackupCommandOptions } from './backup-command.ts'
import { parseConcurrency } from './parse-flag.ts'
import type { RestoreCommandOptions } from './restore-command.ts'

/** Adds `stowage backup` and `stowage restore`. */
export function addBackups(program: Command, run: Run): void {
  program
    .command('backup')
    .description('Copy names and bytes of a directory, as of one moment, into another one; while it is served or not.')
    .argument('<dir>', 'the directory, served or not')
    .argument('<to>', 'the directory of the backup: empty, or that of the last one')
    .option('--metadata <url>', 'as given to serve; not needed while it is served')
    .option('--schema <name>', 'as given to serve')
    .option('--tenant <name>', 'the tenant that is meant, where the directory has tenants')
    .option('--with-keys', 'put the master key and the first credentials beside it: who reads it then reads every secret')
    .option('--concurrency <number>', 'how many blobs at once', parseConcurrency)
    .option('--json', 'print the result as JSON')
    .addHelpText('after', BACKUP_HELP)
    .action(async (directory: string, to: string, flags: Omit<BackupCommandOptions, 'directory' | 'to'>) => {
      const { backupCommand } = await import('./backup-command.ts')
      await run((context) => backupCommand({ ...flags, directory, to }, context))
    })
  program
    .command('restore')
    .description('Make a data directory of a backup.')
    .argument('<from>', 'the directory of the backup')
    .argument('<dir>', 'the data directory to make: empty, or not there')
    .option('--metadata <url>', 'put the names into this Postgres, as given to serve')
    .option('--schema <name>', 'the schema in that database')
    .option('--backend <url>', 'put the bytes there, as given to serve')
    .option('--concurrency <number>', 'how many blobs at once', parseConcurrency)
    .option('--json', 'print the result as JSON')
    .addHelpText('after', RESTORE_HELP)
    .action(async (from: string, directory: string, flags: Omit<RestoreCommandOptions, 'directory' | 'from'>) => {
      const { restoreCommand } = await import('./restore-command.ts')
      await run((context) => restoreCommand({ ...flags, from, directory }, context))
    })
}

const BACKUP_HELP = `
All that was acknowledged when it begins is in it. Bytes that are there from the last backup are not copied again. What stops it leaves the
last backup as it was. Exit code 1 where something had been lost or damaged before: it is named, and the rest is backed up.`

const RESTORE_HELP = `
Every byte is held against its checksum before the directory can be served. What stops it loses nothing: the same command goes on.
Exit code 1 where the store had lost something before it was backed up; what else is missing or damaged is refused.`
