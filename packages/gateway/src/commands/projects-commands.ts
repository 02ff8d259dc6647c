import { readFile } from 'node:fs/promises'
import type { Command } from 'commander'
import type { JsonValue } from '@stowage/core'
import { ROOT_ACCOUNT } from '../stores/root-credentials.ts'
import type { CliContext } from './cli-context.ts'
import type { CredentialCommandOptions } from './credentials-command.ts'
import type { CredentialRequest, ProjectWish } from '../administration/credential-request.ts'
import { collect, parseJson, parseSeconds } from './parse-flag.ts'
import type { StoredKeysParts } from './stored-keys-commands.ts'

interface ProjectFlags extends Omit<CredentialCommandOptions, 'directory'> {
  readonly account?: string
  readonly description?: string
  readonly jwtSecretFile?: string
  readonly jwksFile?: string
  readonly jwksUrl?: string
  readonly issuer?: readonly string[]
  readonly audience?: readonly string[]
  readonly presigning?: boolean
  readonly anonKey?: string
  readonly overlap?: number
}

/** Adds `stowage projects create`, `list`, `update`, `rotate-secret`, `legacy-keys` and `delete`. */
export function addProjects(program: Command, parts: StoredKeysParts): void {
  const projects = program
    .command('projects')
    .description('Projects, as Supabase has them: how user tokens are verified, and whose buckets a service role owns.')
  const add = (name: string, description: string): Command => parts.administers(describe(projects.command(name), description))
  settings(add('create', 'Make a project and a publishable key; shows the secret that user tokens are signed with this once.'))
    .option('--account <id>', 'whose buckets its service_role owns (default: root)')
    .option('--jwt-secret-file <file>', 'a shared secret that there is already, such as that of a Supabase project')
    .action(perform(parts, 'project.create'))
  add('list', 'List projects, without secrets.').option('--json', 'print them as JSON').action(perform(parts, 'project.list'))
  settings(add('update', 'Set what is given, and leave the rest.')).action(perform(parts, 'project.update'))
  add('rotate-secret', 'Replace the shared secret, and with it all that it has signed.')
    .option('--jwt-secret-file <file>', 'the new one (default: one is made, and shown this once)')
    .option('--overlap <seconds>', 'how long tokens of the former one are still good', parseSeconds, 0)
    .option('--json', 'print the outcome as JSON')
    .action(perform(parts, 'project.rotate-secret'))
  add('legacy-keys', 'Sign an anon and a service_role token, as older clients of Supabase use them.')
    .option('--json', 'print them as JSON')
    .action(perform(parts, 'project.legacy-keys'))
  add('delete', 'Delete a project with its keys, for good: its ref is never another one’s.')
    .option('--json', 'print the outcome as JSON')
    .action(perform(parts, 'project.delete'))
}

function describe(command: Command, description: string): Command {
  const described = command.description(description)
  return command.name() === 'list' ? described : described.argument('<ref>', 'the project: a-z, 0-9 and hyphens')
}

function settings(command: Command): Command {
  return command
    .option('--description <text>', 'what it is for')
    .option('--jwks-file <file>', 'public keys that sign user tokens, as a JWKS')
    .option('--jwks-url <url>', 'where an issuer publishes them, https://… (with --issuer or --audience: they sign for others, too)')
    .option('--issuer <iss>', 'who may have issued a token (repeatable; default: whoever has the key)', collect)
    .option('--audience <aud>', 'for whom it may be meant (repeatable; default: anybody)', collect)
    .option('--no-presigning', 'no URL is presigned with a user’s token')
    .option('--anon-key <token>', 'an anon token that there is already; it is public')
    .option('--json', 'print the outcome as JSON')
}

type ProjectAction =
  | 'project.create'
  | 'project.list'
  | 'project.update'
  | 'project.rotate-secret'
  | 'project.legacy-keys'
  | 'project.delete'

function perform({ run }: StoredKeysParts, what: ProjectAction): (...given: unknown[]) => Promise<void> {
  return async (...given) => {
    // Commander: the arguments, the options, the command.
    const flags = given.at(-2) as ProjectFlags
    const names = given.slice(0, -2) as readonly string[]
    const directory = names.at(-1) ?? ''
    const request = await requestOf(what, names[0] ?? '', flags)
    const { credentialsCommand } = await import('./credentials-command.ts')
    await run((context: CliContext) => credentialsCommand(request, { ...storeOf(flags), directory }, context))
  }
}

async function requestOf(what: ProjectAction, ref: string, flags: ProjectFlags): Promise<CredentialRequest> {
  const jwtSecret = async (): Promise<string | null> =>
    flags.jwtSecretFile === undefined ? null : (await readText(flags.jwtSecretFile)).replace(/\r?\n$/, '')
  switch (what) {
    case 'project.list':
      return { do: what }
    case 'project.create':
      return { do: what, ref, account: flags.account ?? ROOT_ACCOUNT, jwtSecret: await jwtSecret(), ...(await wishOf(flags)) }
    case 'project.update':
      return { do: what, ref, ...(await wishOf(flags)) }
    case 'project.rotate-secret':
      return { do: what, ref, jwtSecret: await jwtSecret(), overlapSeconds: flags.overlap ?? 0 }
    default:
      return { do: what, ref }
  }
}

async function wishOf(flags: ProjectFlags): Promise<ProjectWish> {
  return {
    description: flags.description ?? null,
    jwks: flags.jwksFile === undefined ? null : await readJson(flags.jwksFile),
    jwksUrl: flags.jwksUrl ?? null,
    issuers: flags.issuer ?? null,
    audiences: flags.audience ?? null,
    presignWithUserJwt: flags.presigning === false ? 'deny' : null,
    anonKey: flags.anonKey ?? null,
  }
}

/** The options that say which store is meant, and how to answer. */
function storeOf({ metadata, schema, tenant, json }: ProjectFlags): Omit<CredentialCommandOptions, 'directory'> {
  return {
    ...(metadata === undefined ? {} : { metadata }),
    ...(schema === undefined ? {} : { schema }),
    ...(tenant === undefined ? {} : { tenant }),
    ...(json === undefined ? {} : { json }),
  }
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    throw new Error(`The file ${path} cannot be read: ${(error as Error).message}`, { cause: error })
  }
}

async function readJson(path: string): Promise<JsonValue> {
  const text = await readText(path)
  try {
    return parseJson(text)
  } catch {
    // The parser's own words quote the text.
    throw new Error(`The file ${path} is not JSON.`)
  }
}
