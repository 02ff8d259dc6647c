import { Command, CommanderError, Option } from 'commander'
import { isStorageError } from '@stowage/core'
import { addBackups } from './backup-commands.ts'
import type { BucketsOptions } from './buckets-command.ts'
import type { CliContext, Run } from './cli-context.ts'
import type { CopyBackendCommandOptions } from './copy-backend-command.ts'
import { EXIT } from './cli-context.ts'
import type { FsckCommandOptions } from './fsck-command.ts'
import type { KeysOptions } from './keys-command.ts'
import { addMigrate } from './migrate-commands.ts'
import { addProjects } from './projects-commands.ts'
import { addPolicies, addRoles } from './policies-commands.ts'
import { addSealing } from './sealing-commands.ts'
import { addStoredKeys } from './stored-keys-commands.ts'
import { addTenants } from './tenants-commands.ts'
import { addTokens } from './tokens-commands.ts'
import { limitsHelp } from '../serving/limits.ts'
import { LOG_LEVELS } from '../serving/log-level.ts'
import { collect, collectDomain, collectJurisdiction, parseConcurrency, parseDomain, parsePort, parseRegion } from './parse-flag.ts'
import type { ServeOptions } from './serve-command.ts'
import type { StatOptions } from './stat-command.ts'

/** Runs one command line and gives back the exit code. Errors become one sentence on stderr. */
export async function runCli(context: CliContext): Promise<number> {
  let exitCode: number = EXIT.ok
  const run = (command: (context: CliContext) => Promise<number>): Promise<void> =>
    command(context).then((code) => {
      exitCode = code
    })
  const program = new Command('stowage')
    .description('Object storage in one command: an S3 server, and the tools to look after its data.')
    .exitOverride()
    .showSuggestionAfterError()
    .showHelpAfterError('(stowage --help shows what there is)')
    .configureOutput({ writeOut: (text) => void context.stdout.write(text), writeErr: (text) => void context.stderr.write(text) })
  const adding = [
    addServe,
    addKeys,
    addCredentials,
    addAccess,
    addBuckets,
    addStat,
    addFsck,
    addCopyBackend,
    addMigrate,
    addBackups,
    addTenantsTo,
  ]
  for (const add of adding) add(program, run)
  try {
    await program.parseAsync([...context.argv], { from: 'user' })
  } catch (error) {
    return complain(error, context)
  }
  return exitCode
}

const DIRECTORY = 'stowage-data'

function addServe(program: Command, run: Run): void {
  program
    .command('serve')
    .description('Serve S3 from a directory, which is made where it is missing.')
    .argument('[dir]', 'where metadata and bytes are kept', DIRECTORY)
    .option('--memory', 'keep everything in memory and a temporary file; nothing outlives the process')
    .option('--host <address>', 'the address to listen on', '127.0.0.1')
    .option('--port <number>', 'the port to listen on; 0 takes a free one', parsePort, 9000)
    .option('--bucket <name>', 'make this bucket where it is missing (repeatable)', collect)
    .option('--region <name>', 'what clients sign for', parseRegion, 'us-east-1')
    .option('--domain <name>', 'buckets are sub-domains of this host name, too (repeatable)', collectDomain)
    .option(
      '--jurisdiction <name=host>',
      'buckets of this jurisdiction are found under this host name, and nowhere else (repeatable)',
      collectJurisdiction,
    )
    .option('--r2-endpoint <host>', 'take temporary credentials that R2 clients sign themselves for this host (repeatable)', collect)
    .option('--private-issuers', 'keys of issuers may be read over plain http, and from private networks')
    .option('--public-url <url>', 'where clients reach it through a proxy that rewrites Host or path (repeatable)', collect)
    .option('--trusted-proxy <address>', 'a proxy, or a network, whose X-Forwarded-* and Forwarded count (repeatable)', collect)
    .option('--tls-cert <file>', 'serve HTTPS with this certificate, and the chain behind it, as PEM')
    .option('--tls-key <file>', 'its private key, as PEM')
    .option(
      '--metadata <url>',
      'keep the metadata in this Postgres (postgres://…; ?prepare=false behind a pooler), and only the bytes in the directory',
    )
    .option('--schema <name>', 'the schema in that database')
    .option('--metadata-replica <url>', 'a streaming replica of it (postgres://…): GET, HEAD and listings may be as old as a second')
    .option(
      '--backend <url>',
      'keep the bytes there: s3://BUCKET[/PREFIX][?endpoint=…&region=…&pathStyle=true], gs://BUCKET[/PREFIX], file:DIR',
    )
    .option('--tenants', 'serve many tenants, each with buckets, keys and policies of its own: see stowage tenants')
    .option('--tenant-domain <name>', 'the hosts of tenants are below this one: TENANT.NAME, and BUCKET.TENANT.NAME', parseDomain)
    .option('--redirect-reads', 'send presigned and anonymous reads of 1 MiB and more on to the backend, for 60 seconds each (S3, GCS)')
    .option('--config <file>', 'accounts besides root, with their keys, and limits, as JSON')
    .addOption(new Option('--log-level <level>', 'how much is logged on stderr; info: every request').choices(LOG_LEVELS).default('warn'))
    .option('--json', 'print one line of JSON when it listens, and nothing else')
    .addHelpText('after', SERVE_HELP)
    .action(async (dir: string, flags: ServeFlags, command: Command) => {
      const directory = command.args.length > 0 || flags.memory !== true ? dir : null
      const { serveCommand } = await import('./serve-command.ts')
      await run((context) => serveCommand({ ...NOTHING_REPEATED, ...flags, directory }, context))
    })
}

/** What may be said several times, and was not said at all. */
const NOTHING_REPEATED = { bucket: [], domain: [], jurisdiction: [], r2Endpoint: [], publicUrl: [], trustedProxy: [] } as const

type ServeFlags = Omit<ServeOptions, 'directory' | keyof typeof NOTHING_REPEATED> &
  Partial<Pick<ServeOptions, keyof typeof NOTHING_REPEATED>>

function addKeys(program: Command, run: Run): void {
  const keys = program
    .command('keys')
    .description('Show the credentials that a directory keeps; make, list and change stored keys.')
    // What stands behind a sub-command is the sub-command's.
    .enablePositionalOptions()
    .argument('[dir]', 'the directory that is served', DIRECTORY)
    .option('--json', 'print them as JSON')
    .action(async (directory: string, flags: Omit<KeysOptions, 'directory'>) => {
      const { keysCommand } = await import('./keys-command.ts')
      await run((context) => keysCommand({ ...flags, directory }, context))
    })
  addStoredKeys(keys, { administers, run })
}

function addCredentials(program: Command, run: Run): void {
  addProjects(program, { administers, run })
  addTokens(program, { administers, run })
  addSealing(program, { administers, run })
}

function addAccess(program: Command, run: Run): void {
  addRoles(program, { administers, run })
  addPolicies(program, { administers, run })
}

function addBuckets(program: Command, run: Run): void {
  administers(program.command('buckets').description('List every bucket, whosever it is.'))
    .option('--json', 'print them as JSON')
    .action(async (directory: string, flags: Omit<BucketsOptions, 'directory'>) => {
      const { bucketsCommand } = await import('./buckets-command.ts')
      await run((context) => bucketsCommand({ ...flags, directory }, context))
    })
}

function addStat(program: Command, run: Run): void {
  administers(program.command('stat').description('Say how much there is: buckets, objects, uploads, bytes.'))
    .option('--json', 'print it as JSON')
    .action(async (directory: string, flags: Omit<StatOptions, 'directory'>) => {
      const { statCommand } = await import('./stat-command.ts')
      await run((context) => statCommand({ ...flags, directory }, context))
    })
}

function addFsck(program: Command, run: Run): void {
  administers(program.command('fsck').description('Check that metadata and blobs agree. Exit code 1 where they do not.'))
    .option('--deep', 'also read every byte and hold it against its checksum')
    .option('--json', 'print the report as JSON')
    .action(async (directory: string, flags: Omit<FsckCommandOptions, 'directory'>) => {
      const { fsckCommand } = await import('./fsck-command.ts')
      await run((context) => fsckCommand({ ...flags, directory }, context))
    })
}

function addTenantsTo(program: Command, run: Run): void {
  addTenants(program, { administers: looksInto, run })
}

function addCopyBackend(program: Command, run: Run): void {
  administers(program.command('copy-backend').description('Bring all bytes to another backend, while the directory is served or not.'))
    .requiredOption('--to <url>', 'where to: s3://…, gs://… or file:DIR, as --backend of serve')
    .option('--from <url>', 'where they must be now; anything else is an error')
    .option('--concurrency <number>', 'how many blobs at once', parseConcurrency)
    .option('--json', 'print the result as JSON')
    .addHelpText('after', COPY_BACKEND_HELP)
    .action(async (directory: string, flags: Omit<CopyBackendCommandOptions, 'directory'>) => {
      const { copyBackendCommand } = await import('./copy-backend-command.ts')
      await run((context) => copyBackendCommand({ ...flags, directory }, context))
    })
}

const COPY_BACKEND_HELP = `
New bytes go there from the beginning; every blob is read back once it is copied. What stops it loses nothing: the same command goes on.
The former place keeps what it had, to be removed by hand. With the metadata in Postgres, no other server may use them meanwhile.`

/** What the commands have in common that look into a store. */
function administers(command: Command): Command {
  return looksInto(command).option('--tenant <name>', 'the tenant that is meant, where the directory has tenants')
}

function looksInto(command: Command): Command {
  return command
    .argument('[dir]', 'the directory, served or not', DIRECTORY)
    .option('--metadata <url>', 'as given to serve; not needed while it is served')
    .option('--schema <name>', 'as given to serve')
}

const SERVE_HELP = `
Environment:
  STOWAGE_METADATA, STOWAGE_METADATA_REPLICA         the same as --metadata and --metadata-replica, without a password in the list of processes
  STOWAGE_MASTER_KEY                                 seals stored keys, in place of a file in the directory: 32 bytes, hex or base64
  STOWAGE_FORMER_MASTER_KEYS                         those before it, with commas in between, until 'stowage credentials reseal' is done
  STOWAGE_ACCESS_KEY_ID, STOWAGE_SECRET_ACCESS_KEY   the credentials of the account root; both or neither

A config file:
  { "accounts": [{ "id": "ann", "displayName": "Ann", "email": "ann@example.com",
                   "keys": [{ "accessKeyId": "…", "secretAccessKey": "…" }] }],
    "limits": { "connectionsMax": 500, "bodyIdleSecondsMax": 20 } }

Limits, each with its default:
${limitsHelp()}`

function complain(error: unknown, context: CliContext): number {
  // Commander has already said what it has to say; `--help` is not a failure.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.unusable
  context.stderr.write(`stowage: ${sentenceOf(error)}\n`)
  return EXIT.unusable
}

/** An engine's errors name no path, since clients read them too; who runs the command needs it. */
function sentenceOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { cause, message } = error
  if (isStorageError(error) && error.code === 'StoreNotUsable') return `${message} 'stowage migrate --help' says more of moves.`
  return isStorageError(error) && cause instanceof Error && 'syscall' in cause ? `${message} ${cause.message}` : message
}
