import type { Command } from 'commander'
import type { JsonValue } from '@stowage/core'
import { ROOT_ACCOUNT } from '../stores/root-credentials.ts'
import type { CredentialCommandOptions } from './credentials-command.ts'
import type { CredentialRequest } from '../administration/credential-request.ts'
import { collect, parseJson, parseSeconds, parseTime } from './parse-flag.ts'
import type { StoredKeysParts } from './stored-keys-commands.ts'

interface TokenFlags extends Omit<CredentialCommandOptions, 'directory'> {
  readonly project?: string
  readonly secret?: boolean
  readonly r2?: JsonValue
  readonly account?: string
  readonly accountId?: string
  readonly description?: string
  readonly expires?: string
}

interface TemporaryFlags extends Omit<CredentialCommandOptions, 'directory'> {
  readonly parent: string
  readonly bucket: string
  readonly permission: string
  readonly ttl: number
  readonly prefix?: readonly string[]
  readonly object?: readonly string[]
  readonly jurisdiction: string
}

interface SessionFlags extends Omit<CredentialCommandOptions, 'directory'> {
  readonly project?: string
  readonly id?: string
  readonly sub?: string
  readonly session?: string
  readonly all?: boolean
}

/** Adds `stowage tokens create`, `list`, `rotate`, `revoke`, `temporary` and `revoke-temporary`. */
export function addTokens(program: Command, parts: StoredKeysParts): void {
  const { administers } = parts
  const tokens = program
    .command('tokens')
    .description('Publishable and secret keys of projects, API tokens as R2 has them, temporary credentials.')
  addCreate(administers(tokens.command('create')), parts)
  administers(tokens.command('list').description('List keys and tokens, without secrets.'))
    .option('--project <ref>', 'only the keys of this project')
    .option('--account <id>', 'only the tokens of this account')
    .option('--json', 'print them as JSON')
    .action((directory: string, flags: TokenFlags) =>
      perform({ do: 'token.list', project: flags.project ?? null, account: flags.account ?? null }, { directory, flags }, parts),
    )
  administers(
    tokens
      .command('rotate')
      .description('Make a key in place of another one; give a token of R2 a new value.')
      .argument('<id>', 'as list shows it'),
  )
    .option('--overlap <seconds>', 'how long the former key is still good; a token of R2 has no overlap', parseSeconds, 0)
    .option('--json', 'print it as JSON')
    .action((id: string, directory: string, flags: TokenFlags & { readonly overlap: number }) =>
      perform({ do: 'token.rotate', id, overlapSeconds: flags.overlap }, { directory, flags }, parts),
    )
  administers(tokens.command('revoke').description('Delete a key or a token for good.').argument('<id>', 'as list shows it'))
    .option('--json', 'print the outcome as JSON')
    .action((id: string, directory: string, flags: TokenFlags) => perform({ do: 'token.revoke', id }, { directory, flags }, parts))
  addTemporary(administers(tokens.command('temporary')), parts)
  addRevokeTemporary(administers(tokens.command('revoke-temporary')), parts)
}

function addCreate(command: Command, parts: StoredKeysParts): void {
  command
    .description('Make a key of a project, or a token of R2, and show it this once.')
    .option('--project <ref>', 'a publishable key of this project')
    .option('--secret', 'a secret key instead')
    .option('--r2 <policies>', 'a token of R2 with these access policies, as JSON', parseJson)
    .option('--account <id>', 'of a token: whose it is (default: root)')
    .option('--account-id <id>', 'of a token: what the account is called in its policies (default: the account)')
    .option('--description <text>', 'what it is for')
    .option('--expires <time>', 'when it is refused from: 2030-01-31T12:00:00Z', parseTime)
    .option('--json', 'print it as JSON')
    .action((directory: string, flags: TokenFlags) => perform(creation(flags), { directory, flags }, parts))
}

function creation(flags: TokenFlags): CredentialRequest {
  const { project, r2, secret = false, account, accountId } = flags
  const common = { description: flags.description ?? null, expiresAt: flags.expires ?? null }
  if ((project === undefined) === (r2 === undefined))
    throw new Error('Say whose it is: --project for a key of a project, --r2 for a token of R2.')
  if (project !== undefined) {
    if (account !== undefined || accountId !== undefined) throw new Error('--account goes with --r2: a key of a project has its account.')
    return { do: 'token.create-key', project, kind: secret ? 'secret' : 'publishable', ...common }
  }
  return { do: 'token.create-r2', account: account ?? ROOT_ACCOUNT, accountId: accountId ?? null, policies: r2 ?? null, ...common }
}

function addTemporary(command: Command, parts: StoredKeysParts): void {
  command
    .description('Make a temporary credential as R2 does: one bucket, for a while, never more than its parent may.')
    .requiredOption('--parent <id>', 'the token or key that it is made from')
    .requiredOption('--bucket <name>', 'the bucket')
    .option('--permission <name>', 'object-read-only, object-read-write, admin-read-only or admin-read-write', 'object-read-only')
    .option('--ttl <seconds>', 'how long it is good', parseSeconds, 900)
    .option('--prefix <prefix>', 'only keys that begin so (repeatable)', collect)
    .option('--object <key>', 'only this key (repeatable)', collect)
    .option('--jurisdiction <name>', 'of the bucket', 'default')
    .option('--json', 'print it as JSON')
    .action((directory: string, flags: TemporaryFlags) => {
      const { parent, bucket, permission, ttl, prefix, object, jurisdiction } = flags
      const paths = { ...(prefix === undefined ? {} : { prefixes: prefix }), ...(object === undefined ? {} : { objects: object }) }
      const request = { bucket, parentAccessKeyId: parent, permission, ttlSeconds: ttl, ...paths }
      return perform({ do: 'temporary.create', jurisdiction, request }, { directory, flags }, parts)
    })
}

function addRevokeTemporary(command: Command, parts: StoredKeysParts): void {
  command
    .description('Take temporary credentials back: one, those of a user or of a session, or all there are.')
    .option('--project <ref>', 'the project of the user (default: none, those of keys)')
    .option('--id <jti>', 'one of them, by the jti in its token')
    .option('--sub <sub>', 'those of this user')
    .option('--session <id>', 'those of this session')
    .option('--all', 'all temporary credentials, whosever they are')
    .option('--json', 'print the outcome as JSON')
    .action((directory: string, flags: SessionFlags) => perform(revocation(flags), { directory, flags }, parts))
}

function revocation({ project = '', id, sub, session, all = false }: SessionFlags): CredentialRequest {
  const [wanted, ...others] = [
    ...(id === undefined ? [] : [{ by: 'jti', value: id } as const]),
    ...(sub === undefined ? [] : [{ by: 'sub', value: sub } as const]),
    ...(session === undefined ? [] : [{ by: 'sessionId', value: session } as const]),
  ]
  if (others.length > 0 || (wanted === undefined) === !all) throw new Error('Say which: one of --id, --sub, --session and --all.')
  return wanted === undefined ? { do: 'temporary.revoke-all' } : { do: 'temporary.revoke', project, ...wanted }
}

interface Asked {
  readonly directory: string
  readonly flags: Omit<CredentialCommandOptions, 'directory'>
}

async function perform(request: CredentialRequest, { directory, flags }: Asked, { run }: StoredKeysParts): Promise<void> {
  const { credentialsCommand } = await import('./credentials-command.ts')
  await run((context) => credentialsCommand(request, { ...flags, directory }, context))
}
