import type { Command } from 'commander'
import type { Run } from './cli-context.ts'
import type { MigrateOptions } from './migrate-command.ts'

/** Adds `stowage migrate`. */
export function addMigrate(program: Command, run: Run): void {
  program
    .command('migrate')
    .description('Bring the metadata of a store from SQLite to Postgres, or back, while nobody serves it.')
    .option('--from <url>', 'where it is: sqlite:DIR, sqlite:FILE or postgres://…; default: STOWAGE_METADATA')
    .option('--to <url>', 'where it goes, as --from: nothing may be there; default: STOWAGE_METADATA')
    .option('--from-schema <name>', 'the schema of --from, in Postgres')
    .option('--to-schema <name>', 'the schema of --to, in Postgres')
    .option('--take-back', 'give a move up: --from may be served again, and what was made of it must not be')
    .option('--json', 'print the result as JSON')
    .addHelpText('after', HELP)
    .action(async (flags: MigrateOptions) => {
      const { migrateCommand } = await import('./migrate-command.ts')
      await run((context) => migrateCommand(flags, context))
    })
}

const HELP = `
Bytes stay where they are. Rows of both sides are counted and compared at the end. What stops it loses nothing: the same command goes on.
Both would name the same bytes: --from is not served any more from the beginning on, and --to not before the end.`
