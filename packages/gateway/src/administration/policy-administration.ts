import { isDeepStrictEqual } from 'node:util'
import { BUILT_IN_ROLES, PUBLIC_ROLE, StorageError } from '@stowage/core'
import type { Caller, Engine, ExplainInput, Explanation, PolicyList, Role, RowPolicy, StoredPolicies } from '@stowage/core'
import { parseRelation, parseRowPolicy } from '@stowage/core/policy'
import { systemCaller } from '@stowage/core/system'
import type { ExplainWish, SuppliedObject, SupposedCaller } from './explain-wish.ts'

/** What an operator wants of roles and row-level policies, as JSON. */
export type PolicyRequest =
  | { readonly do: 'list' }
  | {
      readonly do: 'import'
      /** As `parseRowPolicy` reads them. */
      readonly policies: readonly unknown[]
      /** As `parseRelation` reads them: put with the policies, and beside those that there are. */
      readonly relations: readonly unknown[]
      /** Whether those that are not among them go. */
      readonly replace: boolean
      /** Whether only to say what would become of it. */
      readonly dryRun: boolean
    }
  | { readonly do: 'remove'; readonly name: string; readonly table: string | null }
  | { readonly do: 'create-role'; readonly role: Role; readonly replace: boolean }
  | { readonly do: 'delete-role'; readonly name: string }
  | { readonly do: 'explain'; readonly wishes: readonly ExplainWish[] }

/** What became of one policy. */
export interface ImportedPolicy extends Pick<RowPolicy, 'table' | 'name'> {
  readonly outcome: 'made' | 'replaced' | 'unchanged' | 'removed'
}

/** An explanation as JSON: times are texts. */
export type ShownExplanation = Omit<Explanation, 'context'> & {
  readonly context: Omit<Explanation['context'], 'now'> & { readonly now: string | null }
}

/** What became of it: what there is, what was done to each policy, explanations in the order of the wishes, or nothing more to say. */
export type PolicyAnswer =
  | PolicyList
  | { readonly imported: readonly ImportedPolicy[] }
  | { readonly explanations: readonly ShownExplanation[] }
  | { readonly done: true }

/** What an operator's wishes about policies are done with. */
export interface PolicyParts {
  readonly policies: StoredPolicies
  /** Null where only the stores are open: then nothing is explained. */
  readonly engine: Engine | null
  /** The caller that an access key stands for; null for a key that may not be used. */
  readonly findKey: (accessKeyId: string) => Promise<Caller | null>
}

/** Does what an operator wants of roles and row-level policies. Rejects with the errors of `StoredPolicies` and of `Session.explain`. */
export async function administerPolicies(parts: PolicyParts, request: PolicyRequest): Promise<PolicyAnswer> {
  const { policies } = parts
  switch (request.do) {
    case 'list':
      return policies.list()
    case 'import':
      return { imported: await importPolicies(policies, request) }
    case 'remove':
      await policies.change({ removePolicies: [await findPolicy(policies, request)] })
      return { done: true }
    case 'create-role':
      await createRole(policies, request)
      return { done: true }
    case 'delete-role':
      await deleteRole(policies, request.name)
      return { done: true }
    case 'explain':
      return { explanations: await explainAll(parts, request.wishes) }
  }
}

type ImportRequest = PolicyRequest & { readonly do: 'import' }

async function importPolicies(stored: StoredPolicies, request: ImportRequest): Promise<readonly ImportedPolicy[]> {
  const { policies, replace, dryRun } = request
  const before = await stored.list()
  const putRelations = request.relations.map((relation, at) => parseRelation(relation, `relations[${at}]`))
  const relations = [...putRelations, ...before.relations.filter(({ name }) => !putRelations.some((put) => put.name === name))]
  const given = policies.map((policy, at) => parseRowPolicy(policy, `policies[${at}]`, { relations }))
  refuseUnknownRoles(given, [...BUILT_IN_ROLES, ...before.roles])
  const imported: ImportedPolicy[] = given.map((policy) => {
    const { table, name } = policy
    const former = before.policies.find((each) => each.table === table && each.name === name)
    const outcome = former === undefined ? 'made' : isDeepStrictEqual(former, policy) ? 'unchanged' : 'replaced'
    return { table, name, outcome }
  })
  if (replace) {
    const gone = before.policies.filter(({ table, name }) => !given.some((each) => each.table === table && each.name === name))
    imported.push(...gone.map(({ table, name }) => ({ table, name, outcome: 'removed' as const })))
  }
  if (!dryRun) await stored.change({ putPolicies: given, replacePolicies: replace, putRelations })
  return imported
}

/** All at once, and with what to do about it: roles of a file are not made by an import. */
function refuseUnknownRoles(policies: readonly RowPolicy[], roles: readonly Role[]): void {
  const named = new Set(policies.flatMap((policy) => policy.roles))
  const unknown = [...named].filter((name) => name !== PUBLIC_ROLE && !roles.some((role) => role.name === name))
  if (unknown.length === 0) return
  const first = unknown[0] ?? ''
  const policy = policies.find((each) => each.roles.includes(first))?.name ?? ''
  const names = unknown.map((name) => `'${name}'`).join(', ')
  throw new Error(
    `The policy '${policy}' is for '${first}', which is no role. Make what is missing with 'stowage roles create': ${names}. Nothing was changed.`,
  )
}

async function findPolicy(
  stored: StoredPolicies,
  { name, table }: { readonly name: string; readonly table: string | null },
): Promise<Pick<RowPolicy, 'table' | 'name'>> {
  const named = (await stored.list()).policies.filter((policy) => policy.name === name && (table === null || policy.table === table))
  const [policy] = named
  if (policy === undefined) throw new Error(`There is no policy '${name}'${table === null ? '' : ` on ${table}`}.`)
  if (named.length > 1) throw new Error(`Both objects and buckets have a policy '${name}': say which with --table.`)
  return policy
}

async function createRole(stored: StoredPolicies, { role, replace }: PolicyRequest & { readonly do: 'create-role' }): Promise<void> {
  const { roles } = await stored.list()
  if (!replace && roles.some(({ name }) => name === role.name)) throw new Error(`There is a role '${role.name}' already.`)
  await stored.change({ putRoles: [role] })
}

async function deleteRole(stored: StoredPolicies, name: string): Promise<void> {
  if (BUILT_IN_ROLES.some((role) => role.name === name)) throw new Error(`The role '${name}' is always there.`)
  if (!(await stored.list()).roles.some((role) => role.name === name)) throw new Error(`There is no role '${name}'.`)
  await stored.change({ removeRoles: [name] })
}

async function explainAll(parts: PolicyParts, wishes: readonly ExplainWish[]): Promise<readonly ShownExplanation[]> {
  const { engine, policies } = parts
  if (engine === null) throw new StorageError('NotSupported', { feature: 'Explaining without an engine' })
  await policies.refresh()
  const session = engine.as(systemCaller('an operator has decisions explained'))
  const explanations: ShownExplanation[] = []
  for (const wish of wishes) {
    const { context, ...explanation } = await session.explain(await inputOf(wish, parts))
    explanations.push({ ...explanation, context: { ...context, now: context.now?.toISOString() ?? null } })
  }
  return explanations
}

async function inputOf(wish: ExplainWish, parts: PolicyParts): Promise<ExplainInput> {
  const { operation, bucket, key, versionId, source, overwrite, proposed, existing, prefix, delimiter, facts } = wish
  return {
    caller: await callerOf(wish.caller, parts),
    operation,
    bucket,
    overwrite,
    facts: new Map(Object.entries(facts)),
    listing: { ...(prefix === null ? {} : { prefix }), ...(delimiter === null ? {} : { delimiter }) },
    ...(key === null ? {} : { key }),
    ...(versionId === null ? {} : { versionId }),
    ...(source === null ? {} : { source }),
    ...(proposed === null ? {} : { proposed: suppliedOf(proposed) }),
    ...(existing === null ? {} : { existing: { ...suppliedOf(existing), ownerId: existing.owner } }),
  }
}

function suppliedOf({ size, headers, userMetadata }: SuppliedObject): NonNullable<ExplainInput['proposed']> {
  return { headers, userMetadata, ...(size === null ? {} : { size }) }
}

async function callerOf(who: SupposedCaller, { policies, findKey }: PolicyParts): Promise<Caller> {
  switch (who.kind) {
    case 'anonymous':
      return { principal: { kind: 'anonymous' }, account: null, scope: null, credentialId: null }
    case 'account':
      return { principal: { kind: 'account' }, account: who.account, scope: null, credentialId: null }
    case 'key': {
      const caller = await findKey(who.accessKeyId)
      if (caller === null) throw new Error(`${who.accessKeyId} is no access key that may be used: it is unknown, disabled or expired.`)
      return caller
    }
    case 'role': {
      const { role, sub, claims, account } = who
      const known = policies.roles.get(role)
      if (known === undefined) throw new Error(`There is no role '${role}'.`)
      return { principal: { kind: 'role', role, sub, claims, bypassRls: known.bypassRls }, account, scope: null, credentialId: null }
    }
  }
}
