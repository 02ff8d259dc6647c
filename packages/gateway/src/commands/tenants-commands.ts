import { InvalidArgumentError } from 'commander'
import type { Command } from 'commander'
import type { TenantRequest } from '../administration/tenant-request.ts'
import { parseRequestsMax, parseTenantFolder } from '../tenants/tenant.ts'
import type { CliContext, Run } from './cli-context.ts'
import { collect } from './parse-flag.ts'
import type { TenantsCommandOptions } from './tenants-command.ts'

/** What the commands about tenants are made of. */
export interface TenantsCommandsParts {
  /** Adds the directory and the options that say which store is meant. */
  readonly administers: (command: Command) => Command
  readonly run: Run
}

interface TenantFlags extends Omit<TenantsCommandOptions, 'directory'> {
  readonly host?: readonly string[]
  readonly hosts?: false
  readonly requestsMax?: number
  readonly folder?: string
  readonly tenantSchema?: string
}

const ONE = {
  show: 'Show one tenant.',
  suspend: 'Refuse a tenant’s requests, and close it; nothing of it is lost.',
  resume: 'Serve a suspended tenant again.',
  delete: 'Delete a tenant with its buckets, objects and keys, for good.',
} as const

/** Adds `stowage tenants create`, `list`, `show`, `change`, `suspend`, `resume`, `place` and `delete`. */
export function addTenants(program: Command, parts: TenantsCommandsParts): void {
  const tenants = program
    .command('tenants')
    .description('Tenants of a directory that is served with --tenants: each has buckets, keys and policies of its own.')
  const named = (name: string, description: string): Command =>
    parts.administers(tenants.command(name).description(description).argument('<name>', 'the tenant: a-z, 0-9 and hyphens'))
  const json = (command: Command): Command => command.option('--json', 'print the outcome as JSON')
  json(
    limits(named('create', 'Make a tenant, and show the first key of its owner this once.')).option(
      '--host <host>',
      'a host name of its own (repeatable)',
      collect,
    ),
  ).action(perform(parts, 'create'))
  json(parts.administers(tenants.command('list').description('List the tenants.'))).action(perform(parts, 'list'))
  json(
    limits(named('change', 'Set what is given, and leave the rest.'))
      .option('--host <host>', 'its host names, in place of those it has (repeatable)', collect)
      .option('--no-hosts', 'it has none any more'),
  ).action(perform(parts, 'change'))
  for (const what of ['show', 'suspend', 'resume', 'delete'] as const) json(named(what, ONE[what])).action(perform(parts, what))
  json(
    named('place', 'Say where the metadata of a suspended tenant is, once it has been copied there.')
      .option('--folder <name>', 'in this folder below tenants/ of the directory', folder)
      .option('--tenant-schema <name>', 'in this schema of the Postgres'),
  ).action(perform(parts, 'place'))
}

function limits(command: Command): Command {
  return command.option('--requests-max <number>', 'requests at a time; more are answered SlowDown (default: the server’s)', requestsMax)
}

function requestsMax(text: string): number {
  return refusing(() => parseRequestsMax(/^[0-9]{1,9}$/.test(text) ? Number(text) : Number.NaN))
}

function folder(text: string): string {
  return refusing(() => parseTenantFolder(text))
}

function refusing<T>(parse: () => T): T {
  try {
    return parse()
  } catch (error) {
    throw new InvalidArgumentError(error instanceof Error ? error.message : String(error))
  }
}

function perform({ run }: TenantsCommandsParts, what: TenantRequest['do']): (...given: unknown[]) => Promise<void> {
  return async (...given) => {
    // Commander: the arguments, the options, the command.
    const { host, hosts, requestsMax: max, folder: place, tenantSchema, ...store } = given.at(-2) as TenantFlags
    const names = given.slice(0, -2) as readonly string[]
    const flags: TenantFlags = { ...(host === undefined ? {} : { host }), ...(hosts === undefined ? {} : { hosts }) }
    const request = requestOf(what, names[0] ?? '', {
      ...flags,
      ...(max === undefined ? {} : { requestsMax: max }),
      ...(place === undefined ? {} : { folder: place }),
      ...(tenantSchema === undefined ? {} : { tenantSchema }),
    })
    const { tenantsCommand } = await import('./tenants-command.ts')
    await run((context: CliContext) => tenantsCommand(request, { ...store, directory: names.at(-1) ?? '' }, context))
  }
}

function requestOf(
  what: TenantRequest['do'],
  name: string,
  { host, hosts, requestsMax: max, folder: at, tenantSchema }: TenantFlags,
): TenantRequest {
  switch (what) {
    case 'list':
      return { do: what }
    case 'create':
      return { do: what, name, hosts: host ?? [], requestsMax: max ?? null }
    case 'change':
      return { do: what, name, hosts: hosts === false ? [] : (host ?? null), requestsMax: max ?? null }
    case 'place':
      if ((at === undefined) === (tenantSchema === undefined)) throw new Error('Say where it is: --folder, or --tenant-schema.')
      return { do: what, name, place: at === undefined ? { kind: 'postgres', schema: tenantSchema ?? '' } : { kind: 'sqlite', folder: at } }
    default:
      return { do: what, name }
  }
}
