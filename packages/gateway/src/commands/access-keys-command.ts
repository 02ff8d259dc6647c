import type { JsonObject, JsonValue } from '@stowage/core'
import { ROOT_ACCOUNT } from '../stores/root-credentials.ts'
import type { CliContext } from './cli-context.ts'
import { EXIT } from './cli-context.ts'
import type { KeyAnswer, KeyRequest, ShownKey } from '../administration/key-administration.ts'
import { withAdministration } from './with-administration.ts'
import type { AdministeredStore } from './with-administration.ts'

interface KeyCommandOptions extends AdministeredStore {
  /** One line of JSON, as also where nobody is looking. */
  readonly json?: boolean
}

/** What `stowage keys create` was told. */
export interface CreateKeyOptions extends KeyCommandOptions {
  /** Default: `root`. Not with `parent`. */
  readonly account?: string
  /** The id of the key that it is made from. Default: none. */
  readonly parent?: string
  /** What it is for. Default: nothing said. */
  readonly description?: string
  /** The role that it acts in. Default: none, and it is the account itself. Not with `parent`. */
  readonly role?: string
  /** The user behind the role. */
  readonly sub?: string
  /** What policies may read of the user. */
  readonly claims?: JsonObject
  /** As JSON. Default: no ceiling. */
  readonly scope?: JsonValue
  /** ISO 8601. Default: no end. */
  readonly expires?: string
}

/** What `stowage keys list` was told. */
export interface ListKeysOptions extends KeyCommandOptions {
  /** Default: everybody's. */
  readonly account?: string
}

/** What `stowage keys revoke` and its kin were told. */
export interface ChangeKeyOptions extends KeyCommandOptions {
  /** The access key id. */
  readonly id: string
}

/** Makes a stored key, and shows its secret this once. */
export async function createKeyCommand(options: CreateKeyOptions, context: CliContext): Promise<number> {
  const { account, parent = null, description = null, scope = null, expires = null } = options
  if (parent !== null && account !== undefined)
    throw new Error('--account goes without --parent: a key made from another one has its account.')
  if (parent !== null && options.role !== undefined)
    throw new Error('--role goes without --parent: a key made from another one has its role.')
  const owner = parent === null ? (account ?? ROOT_ACCOUNT) : null
  return tell(
    await ask({ do: 'create', account: owner, parent, description, as: userOf(options), scope, expiresAt: expires }, options, context),
    options,
    context,
  )
}

function userOf(options: CreateKeyOptions): (KeyRequest & { readonly do: 'create' })['as'] {
  const { role, sub = null, claims = {} } = options
  if (role !== undefined) return { role, sub, claims }
  if (sub !== null || Object.keys(claims).length > 0) throw new Error('--sub and --claims go with --role.')
  return null
}

/** Lists stored keys, without secrets. */
export async function listKeysCommand(options: ListKeysOptions, context: CliContext): Promise<number> {
  const all: ShownKey[] = []
  let after: string | null = null
  do {
    const page: KeyAnswer = await ask({ do: 'list', account: options.account ?? null, after }, options, context)
    if (!('keys' in page)) throw new Error('The server answered something else than keys: it is of another version.')
    all.push(...page.keys)
    after = page.next
  } while (after !== null)
  return tell({ keys: all, next: null }, options, context)
}

/** Changes one stored key. */
export async function changeKeyCommand(
  what: 'rotate' | 'disable' | 'enable' | 'revoke',
  options: ChangeKeyOptions,
  context: CliContext,
): Promise<number> {
  return tell(await ask({ do: what, id: options.id }, options, context), options, context)
}

function ask(request: KeyRequest, options: KeyCommandOptions, context: CliContext): Promise<KeyAnswer> {
  return withAdministration({ ...options, env: context.env }, (administration) => administration.keys(request))
}

function tell(answer: KeyAnswer, { json }: KeyCommandOptions, { stdout }: CliContext): number {
  const readable = json !== true && stdout.isTTY === true
  stdout.write(readable ? sentences(answer) : `${JSON.stringify(plain(answer))}\n`)
  return EXIT.ok
}

function plain(answer: KeyAnswer): unknown {
  if ('made' in answer) return answer.made
  return 'keys' in answer ? answer.keys : answer
}

function sentences(answer: KeyAnswer): string {
  if ('made' in answer) {
    const { accessKeyId, secretAccessKey } = answer.made
    return `Access key   ${accessKeyId}\nSecret key   ${secretAccessKey}\n\nThe secret is shown this once: nobody can read it again.\n`
  }
  return 'keys' in answer ? answer.keys.map(line).join('') : 'Done.\n'
}

function line({ accessKeyId, account, disabled, expiresAt, lastUsedAt, parent, description, role, sub, scope }: ShownKey): string {
  const facts = [
    role === null ? null : `as ${role}${sub === null ? '' : ` (${sub})`}`,
    disabled ? 'disabled' : null,
    expiresAt === null ? null : `until ${expiresAt}`,
    scope === null ? null : 'scoped',
    parent === null ? null : `from ${parent}`,
    lastUsedAt === null ? 'never used' : `used ${lastUsedAt}`,
    description,
  ]
  return `${accessKeyId}   ${account}   ${facts.filter((fact) => fact !== null).join(', ')}\n`
}
