import { createPolicySql } from '@stowage/core/policy'
import { BUILT_IN_ROLES } from '@stowage/core'
import type { PolicyList, Role, RowPolicy } from '@stowage/core'
import type { CliContext } from './cli-context.ts'
import { EXIT } from './cli-context.ts'
import type { PolicyAnswer, PolicyRequest } from '../administration/policy-administration.ts'
import { withAdministration } from './with-administration.ts'
import type { AdministeredStore } from './with-administration.ts'

/** What every command about roles and policies may be told. */
export interface PolicyCommandOptions extends AdministeredStore {
  /** One line of JSON, as also where nobody is looking. */
  readonly json?: boolean
}

/** What `stowage policies show` was told. */
export interface ShowPolicyOptions extends PolicyCommandOptions {
  /** The policy's. */
  readonly name: string
  /** Default: the table that has a policy of this name. */
  readonly table?: string
  /** SQL, even where nobody is looking. */
  readonly sql?: boolean
}

/** What `stowage roles create` was told. */
export interface CreateRoleOptions extends PolicyCommandOptions {
  /** The role's. */
  readonly name: string
  /** Whether row-level security does not bind it. Default: it does. */
  readonly bypassRls?: boolean
  /** Whose policies are for it too. Default: nobody's. */
  readonly inherits?: readonly string[]
  /** Whether it may be there already. */
  readonly replace?: boolean
}

/** Puts a wish to whoever has the directory open. */
export function askForPolicies(request: PolicyRequest, options: PolicyCommandOptions, { env }: CliContext): Promise<PolicyAnswer> {
  return withAdministration({ ...options, env, byEngine: request.do === 'explain' }, (administration) => administration.policies(request))
}

/** Lists row-level policies. */
export async function listPoliciesCommand(options: PolicyCommandOptions, context: CliContext): Promise<number> {
  const { policies } = await listed(options, context)
  return tell(policies, { options, context, text: () => policies.map(policyLine).join('') })
}

/** Shows one row-level policy, as SQL and as JSON. */
export async function showPolicyCommand(options: ShowPolicyOptions, context: CliContext): Promise<number> {
  const { name, table } = options
  const named = (await listed(options, context)).policies.filter((each) => each.name === name && (table ?? each.table) === each.table)
  const [policy] = named
  if (policy === undefined) throw new Error(`There is no policy '${name}'${table === undefined ? '' : ` on ${table}`}.`)
  if (named.length > 1) throw new Error(`Both objects and buckets have a policy '${name}': say which with --table.`)
  const sql = createPolicySql(policy)
  if (options.sql === true) context.stdout.write(`${sql}\n`)
  else tell({ ...policy, sql }, { options, context, text: () => `${sql}\n` })
  return EXIT.ok
}

/** Removes one row-level policy. */
export async function removePolicyCommand(options: ShowPolicyOptions, context: CliContext): Promise<number> {
  const done = await askForPolicies({ do: 'remove', name: options.name, table: options.table ?? null }, options, context)
  return tell(done, { options, context, text: () => 'Done.\n' })
}

/** Lists roles, the built-in ones first. */
export async function listRolesCommand(options: PolicyCommandOptions, context: CliContext): Promise<number> {
  const own = (await listed(options, context)).roles
  const roles = [...BUILT_IN_ROLES.map((role) => ({ ...role, builtIn: true })), ...own.map((role) => ({ ...role, builtIn: false }))]
  return tell(roles, { options, context, text: () => roles.map(roleLine).join('') })
}

/** Makes a role. */
export async function createRoleCommand(options: CreateRoleOptions, context: CliContext): Promise<number> {
  const { name, bypassRls = false, inherits = [], replace = false } = options
  const done = await askForPolicies({ do: 'create-role', role: { name, bypassRls, inherits }, replace }, options, context)
  return tell(done, { options, context, text: () => 'Done.\n' })
}

/** Deletes a role. */
export async function deleteRoleCommand(options: PolicyCommandOptions & { readonly name: string }, context: CliContext): Promise<number> {
  const done = await askForPolicies({ do: 'delete-role', name: options.name }, options, context)
  return tell(done, { options, context, text: () => 'Done.\n' })
}

/** What there is of roles, policies and relations. */
export async function listed(options: PolicyCommandOptions, context: CliContext): Promise<PolicyList> {
  const answer = await askForPolicies({ do: 'list' }, options, context)
  if (!('policies' in answer)) throw new Error('The server answered something else than policies: it is of another version.')
  return answer
}

interface Told {
  readonly options: PolicyCommandOptions
  readonly context: CliContext
  /** For people. */
  readonly text: () => string
}

function tell(value: unknown, { options, context: { stdout }, text }: Told): number {
  const readable = options.json !== true && stdout.isTTY === true
  stdout.write(readable ? text() : `${JSON.stringify(value)}\n`)
  return EXIT.ok
}

function policyLine({ table, name, mode, command, roles }: RowPolicy): string {
  return `${table.padEnd(7)}   ${mode.padEnd(11)}   ${command.padEnd(6)}   ${name}   to ${roles.join(', ')}\n`
}

function roleLine({ name, bypassRls, inherits, builtIn }: Role & { readonly builtIn: boolean }): string {
  const facts = [
    builtIn ? 'built in' : null,
    bypassRls ? 'bypasses row-level security' : null,
    inherits.length === 0 ? null : `inherits ${inherits.join(', ')}`,
  ].filter((fact) => fact !== null)
  return `${name}${facts.length === 0 ? '' : `   ${facts.join('; ')}`}\n`
}
