import { resolve } from 'node:path'
import { connectTenants } from '../administration/control-client.ts'
import type { TenantRequest } from '../administration/tenant-request.ts'
import type { ShownTenant, TenantAnswer } from '../administration/tenants-administration.ts'
import { makeDataDirectory } from '../stores/make-data-directory.ts'
import type { CliContext } from './cli-context.ts'
import { EXIT } from './cli-context.ts'
import type { AdministeredStore } from './with-administration.ts'
import { withTenants } from './with-tenants.ts'

/** What every command about tenants may be told. */
export interface TenantsCommandOptions extends Omit<AdministeredStore, 'tenant'> {
  /** One line of JSON, as also where nobody is looking. */
  readonly json?: boolean
}

/** Asks for something about tenants, of the server that has the directory open or of the stores themselves, and tells what became of it. */
export async function tenantsCommand(request: TenantRequest, options: TenantsCommandOptions, context: CliContext): Promise<number> {
  const answer = await answerTo(request, options, context)
  const readable = options.json !== true && context.stdout.isTTY === true
  context.stdout.write(readable ? sentences(answer) : `${JSON.stringify(plain(answer))}\n`)
  return EXIT.ok
}

async function answerTo(request: TenantRequest, options: TenantsCommandOptions, { env }: CliContext): Promise<TenantAnswer> {
  const directory = resolve(options.directory)
  const ask = await connectTenants(directory)
  if (ask !== null) return ask(request)
  const migrate = request.do === 'create'
  if (migrate) await makeDataDirectory(directory)
  return withTenants({ ...options, env, migrate }, ({ tenants }) => tenants.ask(request))
}

function plain(answer: TenantAnswer): unknown {
  if ('made' in answer) return { ...answer.made.tenant, ...answer.made.key }
  if ('tenants' in answer) return answer.tenants
  return 'tenant' in answer ? answer.tenant : answer
}

function sentences(answer: TenantAnswer): string {
  if ('tenants' in answer) return answer.tenants.map(line).join('')
  if ('tenant' in answer) return line(answer.tenant)
  if ('done' in answer) return 'Done.\n'
  const { tenant, key } = answer.made
  const secret = 'The secret is shown this once: nobody can read it again.'
  return `${line(tenant)}\nAccess key   ${key.accessKeyId}\nSecret key   ${key.secretAccessKey}\n\n${secret}\n`
}

function line({ name, state, hosts, requestsMax, place }: ShownTenant): string {
  const where = place.kind === 'sqlite' ? `tenants/${place.folder}` : `schema ${place.schema}`
  const named = hosts.length === 0 ? [] : [`hosts ${hosts.join(' ')}`]
  return `${[name, state, ...named, `${requestsMax} requests at a time`, where].join(', ')}\n`
}
