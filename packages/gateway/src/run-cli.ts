import { Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import { isStorageError } from '@stowage/core'
import type { CliContext } from './cli-context.ts'
import { EXIT } from './cli-context.ts'
import { limitsHelp } from './limits.ts'
import { LOG_LEVELS } from './log-level.ts'
import type { LogLevel } from './log-level.ts'

/** Runs one command line and gives back the exit code. Errors become one sentence on stderr. */
export async function runCli(context: CliContext): Promise<number> {
  let exitCode: number = EXIT.ok
  const program = new Command('stowage')
    .description('Object storage in one command: an S3 server, and the tools to look after its data.')
    .exitOverride()
    .showSuggestionAfterError()
    .showHelpAfterError('(stowage --help shows what there is)')
    .configureOutput({ writeOut: (text) => void context.stdout.write(text), writeErr: (text) => void context.stderr.write(text) })
  program
    .command('serve')
    .description('Serve S3 from a directory, which is made where it is missing.')
    .argument('[dir]', 'where metadata and bytes are kept', 'stowage-data')
    .option('--memory', 'keep everything in memory and a temporary file; nothing outlives the process')
    .option('--host <address>', 'the address to listen on', '127.0.0.1')
    .option('--port <number>', 'the port to listen on; 0 takes a free one', parsePort, 9000)
    .option('--bucket <name>', 'make this bucket where it is missing (repeatable)', collect)
    .option('--region <name>', 'what clients sign for', parseRegion, 'us-east-1')
    .option('--domain <name>', 'buckets are sub-domains of this host name, too (repeatable)', collectDomain)
    .option('--tls-cert <file>', 'serve HTTPS with this certificate, and the chain behind it, as PEM')
    .option('--tls-key <file>', 'its private key, as PEM')
    .option('--config <file>', 'accounts besides root, with their keys, and limits, as JSON')
    .addOption(new Option('--log-level <level>', 'how much is logged on stderr; info: every request').choices(LOG_LEVELS).default('warn'))
    .option('--json', 'print one line of JSON when it listens, and nothing else')
    .addHelpText('after', SERVE_HELP)
    .action(async (dir: string, options: ServeFlags, command: Command) => {
      const directory = command.args.length > 0 || options.memory !== true ? dir : null
      const { serveCommand } = await import('./serve-command.ts')
      exitCode = await serveCommand({ ...options, bucket: options.bucket ?? [], domain: options.domain ?? [], directory }, context)
    })
  program
    .command('keys')
    .description('Show the credentials that a directory keeps.')
    .argument('[dir]', 'the directory that is served', 'stowage-data')
    .option('--json', 'print them as JSON')
    .action(async (dir: string, options: KeysFlags) => {
      const { keysCommand } = await import('./keys-command.ts')
      exitCode = await keysCommand({ ...options, directory: dir }, context)
    })
  program
    .command('fsck')
    .description('Check that metadata and blobs agree. Exit code 1 where they do not.')
    .argument('[dir]', 'the directory that was served', 'stowage-data')
    .option('--deep', 'also read every byte and hold it against its checksum')
    .option('--json', 'print the report as JSON')
    .action(async (dir: string, options: FsckFlags) => {
      const { fsckCommand } = await import('./fsck-command.ts')
      exitCode = await fsckCommand({ ...options, directory: dir }, context)
    })
  try {
    await program.parseAsync([...context.argv], { from: 'user' })
  } catch (error) {
    return complain(error, context)
  }
  return exitCode
}

interface ServeFlags {
  readonly memory?: boolean
  readonly host: string
  readonly port: number
  readonly bucket?: readonly string[]
  readonly region: string
  readonly domain?: readonly string[]
  readonly tlsCert?: string
  readonly tlsKey?: string
  readonly config?: string
  readonly logLevel: LogLevel
  readonly json?: boolean
}
interface KeysFlags {
  readonly json?: boolean
}
interface FsckFlags {
  readonly deep?: boolean
  readonly json?: boolean
}

const SERVE_HELP = `
Environment:
  STOWAGE_ACCESS_KEY_ID, STOWAGE_SECRET_ACCESS_KEY   the credentials of the account root; both or neither

A config file:
  { "accounts": [{ "id": "ann", "displayName": "Ann", "email": "ann@example.com",
                   "keys": [{ "accessKeyId": "…", "secretAccessKey": "…" }] }],
    "limits": { "connectionsMax": 500, "bodyIdleSecondsMax": 20 } }

Limits, each with its default:
${limitsHelp()}`

function parsePort(text: string): number {
  const port = Number(text)
  if (!/^[0-9]{1,5}$/.test(text) || port > 65_535) throw new InvalidArgumentError('A port is a number from 0 to 65535.')
  return port
}

function parseRegion(text: string): string {
  if (!/^[a-z0-9][a-z0-9-]{0,62}$/.test(text))
    throw new InvalidArgumentError('A region is made of a-z, 0-9 and hyphens, such as eu-west-1.')
  return text
}

function collectDomain(value: string, former: readonly string[] = []): string[] {
  if (!/^[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?$/.test(value)) {
    throw new InvalidArgumentError('A domain is a host name without a port, such as s3.example.com.')
  }
  return [...former, value]
}

function collect(value: string, former: readonly string[] = []): string[] {
  return [...former, value]
}

function complain(error: unknown, context: CliContext): number {
  // Commander has already said what it has to say; `--help` is not a failure.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.unusable
  const sentence = isStorageError(error) || error instanceof Error ? error.message : String(error)
  context.stderr.write(`stowage: ${sentence}\n`)
  return EXIT.unusable
}
